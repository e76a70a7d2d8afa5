"""The acts of the audit log in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.core.identity import ROLE_NAMES, Role
from app.ui.filters import moment

FINGERPRINT = re.compile(r"[0-9a-f]{64}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+\d\d:\d\d$")

ROOMS: Mapping[str, str] = {
    "accounts": "账号、单位和岗位",
    "runtime": "流程办理",
    "policy": "政策取值和日历",
    "funds": "资金",
    "notices": "公示和异议",
    "procurement": "采购",
    "contracts": "合同",
    "evaluation": "评价",
    "organisations": "社会组织",
    "catalogue": "清单和项目库",
    "ballots": "投票和调查",
    "needs": "需求",
    "studio": "流程设计",
    "messages": "消息",
    "files": "附件",
}
CHAINS: Mapping[str, str] = {
    "case": "项目",
    "definition": "流程版本",
    "demo": "演示时钟",
    "library_entry": "项目库",
    "mail": "邮件设置",
    "model_draft": "流程草稿",
    "model_move": "项目迁移",
    "need": "需求",
    "org_unit": "单位",
    "organisation": "社会组织",
    "pack": "政策包",
    "pack_version": "政策包版本",
    "person": "人员",
    "pot": "资金来源",
    "procurement": "采购",
    "project_list": "项目清单",
    "survey": "满意度调查",
    "webhook": "消息网关",
    "work_calendar": "工作日历",
}
"""What a chain of records is about, by the word before its colon."""
ACTS: Mapping[str, str] = {
    "ballots.code_used": "提交满意度问卷",
    "ballots.extend_survey": "延长满意度调查",
    "ballots.issue_codes": "发放问卷码",
    "ballots.open_survey": "开始满意度调查",
    "ballots.paper_entered": "录入纸质问卷",
    "evaluation.record_tie": "登记利益关系",
    "organisations.claim": "登记能力证明",
    "organisations.lift": "解除信用记录",
    "needs.collect": "登记需求",
    "needs.hear": "居民反映需求",
    "needs.merge": "合并需求",
    "needs.sign_summary": "签需求月度小结",
    "needs.split": "拆出需求",
    "needs.take_in": "收下待核需求",
    "needs.set_aside": "不予收下需求",
    "accounts.ask_role": "申请岗位",
    "accounts.create_person": "新增人员",
    "accounts.create_unit": "新增单位",
    "accounts.deactivate": "停用账号",
    "accounts.decline_role": "退回岗位申请",
    "accounts.delegate": "设置代理",
    "accounts.delegate_end": "取消代理",
    "accounts.edit_person": "修改人员资料",
    "accounts.grant": "授予岗位",
    "accounts.hand_over": "工作交接",
    "accounts.import_areas": "导入行政区划",
    "accounts.lock": "输错密码锁定",
    "accounts.login": "登录",
    "accounts.login_failed": "登录失败",
    "accounts.logout": "退出",
    "accounts.move_unit": "调整单位隶属",
    "accounts.name_city": "确定城市",
    "accounts.password": "修改密码",
    "accounts.reactivate": "恢复账号",
    "accounts.rename_unit": "修改单位",
    "accounts.reset_password": "发放一次性密码",
    "accounts.revoke": "收回岗位",
    "accounts.sign_out_everywhere": "强制退出登录",
    "accounts.switch_off_unit": "停用单位",
    "accounts.switch_on_unit": "恢复单位",
    "accounts.unlock": "解除锁定",
    "catalogue.consent": "同意纳入项目库",
    "catalogue.propose": "提交项目库项目",
    "catalogue.publish_list": "公布项目清单",
    "catalogue.save_list": "编制项目清单",
    "funds.allot": "拨入资金",
    "funds.clear_conflict": "处理利益冲突",
    "funds.create_pot": "登记资金来源",
    "notices.answer": "答复异议",
    "notices.object": "提出异议",
    "notices.publish": "发布公示",
    "organisations.credit": "登记信用记录",
    "organisations.register": "登记社会组织",
    "organisations.update": "更正社会组织资料",
    "policy.activate": "启用政策包版本",
    "policy.calendar": "修改工作日历",
    "policy.confirm": "确认政策取值",
    "policy.propose": "提出政策取值",
    "policy.refuse": "退回政策取值",
    "policy.store": "存入政策包版本",
    "procurement.bid": "提交响应文件",
    "procurement.bid_withdrawn": "撤回响应文件",
    "procurement.open": "开启响应文件",
    "runtime.cancelled": "终止项目",
    "runtime.claimed": "认领",
    "runtime.commented": "补充意见",
    "runtime.complete": "办理",
    "runtime.copied": "抄送",
    "runtime.deploy": "部署流程",
    "runtime.handed_over": "工作交接",
    "runtime.incident": "出现异常",
    "runtime.incident_resolved": "处理异常",
    "runtime.publish": "发布流程",
    "runtime.rejected": "否决",
    "runtime.released": "退回认领",
    "runtime.returned": "退回",
    "runtime.signed": "签署",
    "runtime.signer_added": "加签",
    "runtime.start": "发起项目",
    "runtime.timer": "期限到达",
    "runtime.transferred": "转办",
    "runtime.urged": "催办",
    "runtime.withdrawn": "撤回",
    "studio.create": "新建流程草稿",
    "studio.discard": "放弃流程草稿",
}
VALUES: Mapping[str, str] = {
    "codes": "问卷码",
    "notice": "公示编号",
    "objection": "异议编号",
    "sha256": "内容指纹",
    "text": "内容指纹",
    "active": "在用",
    "added": "新增数量",
    "changed": "改动的日期",
    "city": "城市",
    "code": "代码",
    "decided_by": "决定单位",
    "decided_on": "决定日期",
    "delegate": "代理人编号",
    "deputies": "代理关系",
    "from": "开始",
    "in_force": "已启用",
    "items": "项目数",
    "kind": "类别",
    "name": "名称",
    "no": "版本号",
    "owned": "负责的项目",
    "parent": "上级单位编号",
    "reason": "理由",
    "ref": "依据",
    "released": "退回本岗位",
    "role": "岗位",
    "short_name": "简称",
    "source": "依据",
    "state": "状态",
    "successor": "接手人编号",
    "taken": "接手的待办",
    "unit": "单位编号",
    "until": "结束",
    "value": "取值",
    "version": "版本",
    "working": "上班",
}


def chain(name: str) -> str:
    """A chain of records as people call it: 人员 7."""
    kind, _, number = name.partition(":")
    return f"{CHAINS.get(kind, kind)} {number}".strip().removesuffix(" 0")


def act(action: str) -> str:
    """An act in words; one nobody has named yet keeps its code."""
    return ACTS.get(action, action)


def shown(given: object) -> str:
    """A recorded value as people read it; a fingerprint only by its first signs."""
    if isinstance(given, bool):
        return "是" if given else "否"
    if isinstance(given, list):
        return "、".join(shown(one) for one in given)
    words = str(given)
    if FINGERPRINT.fullmatch(words):
        return f"{words[:8]}…"
    if MOMENT.match(words):
        return moment(words)
    return ROLE_NAMES[Role(words)] if words in ROLE_NAMES else words


def value(name: str) -> str:
    """A recorded value's name in words."""
    return VALUES.get(name, name)
