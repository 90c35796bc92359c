"""What a PDF says of itself beside what WeasyPrint writes: that it is accessible, and Factur-X.

PDF/A takes no property that it does not know, unless a schema in the same metadata explains it.
"""

from __future__ import annotations

from typing import Any, Final

FACTURX_NAME: Final = "factur-x.xml"
UA: Final = "http://www.aiim.org/pdfua/ns/id/"
FX: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
FX_VALUES: Final = {
    "DocumentType": "INVOICE",
    "DocumentFileName": FACTURX_NAME,
    "Version": "1.0",
    "ConformanceLevel": "EN 16931",
}
EXTENSIONS: Final = (
    ' xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"'
)
END: Final = b"</rdf:RDF>"


def declare(metadata: Any, *, is_facturx: bool) -> None:
    """Let WeasyPrint's metadata of a document say PDF/UA-1 too, and Factur-X where it is one."""
    plain = metadata.generate_rdf_metadata

    def extended(*args: Any, **kwargs: Any) -> bytes:
        written: bytes = plain(*args, **kwargs)
        return written.replace(END, _declared(is_facturx=is_facturx).encode() + END)

    metadata.generate_rdf_metadata = extended


def _declared(*, is_facturx: bool) -> str:
    schemas = [_schema("PDF/UA", UA, "pdfuaid", {"part": "Integer"})]
    values = _description(f' xmlns:pdfuaid="{UA}" pdfuaid:part="1"', "")
    if is_facturx:
        schemas.append(_schema("Factur-X", FX, "fx", dict.fromkeys(FX_VALUES, "Text")))
        texts = "".join(f"<fx:{name}>{text}</fx:{name}>" for name, text in FX_VALUES.items())
        values += _description(f' xmlns:fx="{FX}"', texts)
    listed = f"<rdf:Bag>{''.join(schemas)}</rdf:Bag>"
    explained = f"<pdfaExtension:schemas>{listed}</pdfaExtension:schemas>"
    return values + _description(EXTENSIONS, explained)


def _description(attributes: str, content: str) -> str:
    return f'<rdf:Description rdf:about=""{attributes}>{content}</rdf:Description>'


def _schema(title: str, namespace: str, prefix: str, properties: dict[str, str]) -> str:
    listed = "".join(_property(name, kind) for name, kind in properties.items())
    return (
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaSchema:schema>{title}</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{namespace}</pdfaSchema:namespaceURI>"
        f"<pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{listed}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li>"
    )


def _property(name: str, kind: str) -> str:
    return (
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        f"<pdfaProperty:valueType>{kind}</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{name}</pdfaProperty:description>"
        "</rdf:li>"
    )
