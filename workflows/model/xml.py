"""Parse XML from strangers: no DOCTYPE, no entities, no network, bounded in size and depth."""

from __future__ import annotations

from typing import Final

from lxml import etree

from workflows.errors import UnsafeXml

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_DEPTH: Final = 64
BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SPIFF: Final = "http://spiffworkflow.org/bpmn/schema/1.0/core"


def parse(data: bytes) -> etree._Element:
    """The root element of a document.

    Raises:
        UnsafeXml: empty, too large, too deep, no XML, or with a DOCTYPE or an entity.
    """
    if not data.strip():
        raise UnsafeXml("文件是空的")
    if len(data) > MAX_BYTES:
        raise UnsafeXml("文件超过 2 MB，请拆分后再上传")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise UnsafeXml(f"不是有效的 XML：{error.msg}", error.lineno or 0) from error
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise UnsafeXml("文件含有 DOCTYPE 声明，出于安全不能接受，请删去")
    if any(isinstance(node, etree._Entity) for node in root.iter()):
        raise UnsafeXml("文件含有实体引用，出于安全不能接受，请删去")
    if _depth(root) > MAX_DEPTH:
        raise UnsafeXml("文件嵌套层次过深")
    return root


def local(node: etree._Element) -> str:
    """The tag without its namespace; "" for comments and the like."""
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _depth(root: etree._Element) -> int:
    deepest, stack = 0, [(root, 1)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        if level > MAX_DEPTH:
            return level
        stack.extend((child, level + 1) for child in node)
    return deepest
