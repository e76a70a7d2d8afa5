"""Papers that people of the demo hand in with a step: PDFs, a scan and a photo to be read beside the form."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
PROPOSAL = ("项目实施方案.pdf", "proposal.pdf")
PAPERS: dict[str, tuple[tuple[str, str], ...]] = {
    "proposal.draft": (PROPOSAL,),
    "proposal.plan": (PROPOSAL,),
    "proposal.vote": (("居民会议表决记录.pdf", "vote.pdf"),),
    "payment.request": (("付款申请说明.pdf", "payment.pdf"),),
    "proposal.deliberate": (
        ("议事会会议记录.pdf", "minutes.pdf"),
        ("议事会签到表（扫描）.jpg", "sign_in.jpg"),
    ),
    "procurement.document": (("服务需求说明.pdf", "requirements.pdf"),),
    "contract.draft": (("合同主要条款.pdf", "contract.pdf"),),
    "delivery.report": (("本期服务记录.pdf", "report.pdf"), ("服务点公告栏（照片）.jpg", "board.jpg")),
}
"""By form key: the names under which they are handed in, and the files here."""


def handed_in(key: str) -> list[tuple[str, Path]]:
    """Names and files of the papers that go with this step; none for most steps."""
    return [(name, HERE / file) for name, file in PAPERS.get(key, ())]
