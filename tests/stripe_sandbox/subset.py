"""Take the part of Stripe's OpenAPI document that the sandbox speaks; it is judged by that part.

python -m tests.stripe_sandbox.subset PATH/TO/openapi.spec3.json

What is left out: words for readers, the kinds of payment but cards, and whole resources that we do
not use. What stays, stays as Stripe wrote it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent / "openapi"
SUBSET: Final = HERE / "subset.json"


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPERATIONS: Final = """
/v1/account get
/v1/balance_transactions get
/v1/balance_transactions/{id} get
/v1/billing_portal/configurations get post
/v1/billing_portal/configurations/{configuration} get
/v1/billing_portal/sessions post
/v1/charges get
/v1/charges/{charge} get
/v1/checkout/sessions get post
/v1/checkout/sessions/{session} get
/v1/checkout/sessions/{session}/expire post
/v1/checkout/sessions/{session}/line_items get
/v1/coupons get post
/v1/coupons/{coupon} delete get post
/v1/customers get post
/v1/customers/search get
/v1/customers/{customer} delete get post
/v1/customers/{customer}/balance_transactions get post
/v1/customers/{customer}/payment_methods get
/v1/disputes get
/v1/disputes/{dispute} get
/v1/disputes/{dispute}/close post
/v1/events get
/v1/events/{id} get
/v1/invoice_payments get
/v1/invoiceitems get post
/v1/invoiceitems/{invoiceitem} delete get post
/v1/invoices get post
/v1/invoices/search get
/v1/invoices/{invoice} delete get post
/v1/invoices/{invoice}/finalize post
/v1/invoices/{invoice}/lines get
/v1/invoices/{invoice}/mark_uncollectible post
/v1/invoices/{invoice}/pay post
/v1/invoices/{invoice}/void post
/v1/payment_intents get post
/v1/payment_intents/search get
/v1/payment_intents/{intent} get post
/v1/payment_intents/{intent}/cancel post
/v1/payment_intents/{intent}/confirm post
/v1/payment_methods get
/v1/payment_methods/{payment_method} get
/v1/payment_methods/{payment_method}/attach post
/v1/payment_methods/{payment_method}/detach post
/v1/prices get post
/v1/prices/search get
/v1/prices/{price} get post
/v1/products get post
/v1/products/search get
/v1/products/{id} delete get post
/v1/promotion_codes get post
/v1/promotion_codes/{promotion_code} get post
/v1/refunds get post
/v1/refunds/{refund} get
/v1/setup_intents get post
/v1/setup_intents/{intent} get
/v1/setup_intents/{intent}/confirm post
/v1/subscription_items get
/v1/subscriptions get post
/v1/subscriptions/search get
/v1/subscriptions/{subscription_exposed_id} delete get post
/v1/test_helpers/test_clocks get post
/v1/test_helpers/test_clocks/{test_clock} delete get
/v1/test_helpers/test_clocks/{test_clock}/advance post
"""
RESOURCES: Final = words(
    """account balance_transaction billing_portal.configuration billing_portal.session charge
    checkout.session coupon customer customer_balance_transaction deleted_coupon deleted_customer
    deleted_discount deleted_invoice deleted_invoiceitem deleted_product
    deleted_test_helpers.test_clock discount dispute error event invoice invoice_payment invoiceitem
    item line_item payment_intent payment_method price product promotion_code refund setup_intent
    subscription subscription_item test_helpers.test_clock"""
)
# Parameters and fields by name that neither we nor the sandbox use.
UNUSED: Final = words(
    """account_tax_ids application_fee_amount application_fee_percent bank_account cash_balance
    capabilities company controller custom_unit_amount excluded_payment_method_types
    external_account external_accounts future_requirements groups hooks individual issuer level3
    managed_payments
    mandate_data on_behalf_of payment_details payment_method_data payment_method_options
    phases presentment_details radar_options rendering settings shipping shipping_details
    sources statement_descriptor_suffix tax_id_data tos_acceptance transfer_data
    transfer_group transfer_schedule wallet_options branding_settings optional_items
    shipping_options_update"""
)
READING_WORDS: Final = ("description", "title", "deprecated", "format")


def main(source: Path) -> None:
    whole = json.loads(source.read_text(encoding="utf-8"))
    taken = Taker(whole).take()
    SUBSET.write_text(written(taken), encoding="utf-8")


def written(document: dict[str, Any]) -> str:
    """Return JSON with a line for each operation and each schema: differences can be read."""
    schemas = document["schemas"]
    head = json.dumps({key: value for key, value in document.items() if key in {"info", "events"}})
    rows = [f"{json.dumps(key)}:{compact(value)}" for key, value in document["operations"].items()]
    more = [f"{json.dumps(key)}:{compact(schemas[key])}" for key in sorted(schemas)]
    return (
        head[:-1]
        + ',\n"operations":{\n'
        + ",\n".join(rows)
        + '\n},\n"schemas":{\n'
        + ",\n".join(more)
        + "\n}}\n"
    )


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Taker:
    """Walks from the operations to every schema that they need."""

    def __init__(self, whole: dict[str, Any]) -> None:
        self.whole = whole
        self.schemas: dict[str, Any] = {}
        self.waiting: list[str] = ["error", "event"]

    def take(self) -> dict[str, Any]:
        operations = {}
        for line in OPERATIONS.split("\n"):
            path, *methods = line.split() or [""]
            for method in methods:
                operations[f"{method.upper()} {path}"] = self.operation(path, method)
        while self.waiting:
            name = self.waiting.pop()
            if name not in self.schemas:
                self.schemas[name] = self.cut(self.whole["components"]["schemas"][name])
        hooks = self.whole["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]
        form = hooks["content"]["application/x-www-form-urlencoded"]["schema"]
        return {
            "info": {"title": "Stripe API", "version": self.whole["info"]["version"]},
            "events": form["properties"]["enabled_events"]["items"]["enum"],
            "operations": operations,
            "schemas": self.schemas,
        }

    def operation(self, path: str, method: str) -> dict[str, Any]:
        found = self.whole["paths"][path][method]
        content = found.get("requestBody", {}).get("content", {})
        form = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
        if method == "get":
            asked = [one for one in found.get("parameters", []) if one["in"] == "query"]
            form = {
                "type": "object",
                "properties": {one["name"]: one["schema"] for one in asked},
                "required": [one["name"] for one in asked if one.get("required")],
                "additionalProperties": False,
            }
        answer = found["responses"]["200"]["content"]["application/json"]["schema"]
        return {"form": self.cut(form), "answer": self.cut(answer)}

    def cut(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema without what is not used, and note what it refers to."""
        made: dict[str, Any] = {}
        for key, value in schema.items():
            if key in READING_WORDS or key.startswith("x-"):
                continue
            if key == "$ref":
                self.waiting.append(value.rsplit("/", 1)[-1])
                made[key] = "#/schemas/" + value.rsplit("/", 1)[-1]
            elif key == "properties":
                made[key] = self.properties(value, schema.get("required", []))
            elif key == "anyOf":
                made[key] = [self.cut(one) for one in value if not self.is_left_out(one)]
            elif key in {"items", "additionalProperties"} and isinstance(value, dict):
                made[key] = self.cut(value)
            else:
                made[key] = value
        if "required" in made and "properties" in made:
            made["required"] = [name for name in made["required"] if name in made["properties"]]
        return made

    def properties(self, given: dict[str, Any], needed: list[str]) -> dict[str, Any]:
        return {
            name: self.cut(schema)
            for name, schema in given.items()
            if name in needed or not (name in UNUSED or self.is_left_out(schema))
        }

    def is_left_out(self, schema: dict[str, Any]) -> bool:
        """Whether it is about a resource that we do not use, or a kind of payment but cards."""
        if "anyOf" in schema:
            return all(self.is_left_out(one) for one in schema["anyOf"])
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        if not name:
            return False
        found = self.whole["components"]["schemas"][name]
        if "x-resourceId" in found or name.startswith("deleted_"):
            return name not in RESOURCES
        return bool(OTHER_PAYMENTS.match(name)) and "card" not in name


OTHER_PAYMENTS: Final = re.compile(
    r"payment_method_(?!details$|card)|payment_flows_(?!amount_details|automatic_payment)|.*_payment_method_options|mandate"
    r"|payment_intent_next_action_|setup_intent_next_action_|setup_attempt|source_"
)

if __name__ == "__main__":
    main(Path(sys.argv[1]))
