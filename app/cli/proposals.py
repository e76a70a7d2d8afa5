"""About twenty proposals of believable size over the five categories of article 8; demo values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

YUAN = 100


def proposal(
    category: str,
    subcategory: str,
    summary: str,
    beneficiaries: str,
    count: int,
    lines: Sequence[tuple[str, str, int, int]],
    *,
    sources: Sequence[str] = ("fiscal",),
    minors: bool = False,
) -> dict[str, Any]:
    """Answers of the proposal form.

    Args:
        lines: cost group, item, quantity, unit price in yuan.
    """
    made: dict[str, Any] = {
        "category": category,
        "subcategories": [subcategory],
        "summary": summary,
        "beneficiaries": beneficiaries,
        "beneficiary_count": count,
        "fee_mode": "free",
        "budget": [
            {
                "group": group,
                "item": item,
                "quantity": quantity,
                "price": price * YUAN,
                **({"job": "项目社工"} if group == "staff" else {}),
            }
            for group, item, quantity, price in lines
        ],
        "wanted_sources": list(sources),
        "targets": [
            {"name": "服务人次", "target": count * 4, "unit": "人次", "source": "签到表", "weight": 40},
            {"name": "活动场次", "target": 24, "unit": "场", "source": "活动记录", "weight": 30},
            {"name": "服务对象满意度", "target": 90, "unit": "%", "source": "满意度调查", "weight": 30},
        ],
        **{
            f"self_{key}": False
            for key in ("equity", "debt", "roads", "full_time", "not_responsible", "unfit")
        },
    }
    if category == "special":
        made["minors"] = minors
        if minors:
            made["guardian_text"] = "活动前由监护人签署书面同意书，未签署的不参加拍照和公开展示。"
    return made


STAFF = ("staff", "项目社工（兼职时段）", 12, 3500)

PROPOSALS: Sequence[tuple[str, Mapping[str, Any]]] = (
    (
        "居家养老助餐与探访服务",
        proposal(
            "basic",
            "basic.elder_care",
            "为独居、高龄老人提供助餐、上门探访和紧急联络。",
            "辖区 60 岁以上独居和高龄老人",
            160,
            [
                STAFF,
                ("service", "助餐配送", 2400, 18),
                ("service", "上门探访", 960, 40),
                ("material", "探访物资", 160, 60),
            ],
        ),
    ),
    (
        "困难家庭帮扶服务",
        proposal(
            "party",
            "party.hardship",
            "党员结对困难家庭，开展走访、资源链接和就业帮助。",
            "辖区低保和边缘困难家庭",
            45,
            [STAFF, ("service", "入户走访", 540, 60), ("material", "慰问物资", 90, 200)],
        ),
    ),
    (
        "群众文体活动季",
        proposal(
            "party",
            "party.culture",
            "组织广场舞、书画、棋类和邻里运动会。",
            "辖区全体居民",
            1200,
            [
                ("service", "文体活动", 24, 2600),
                ("material", "器材与布置", 24, 700),
                ("staff", "活动执行人员", 24, 900),
            ],
        ),
    ),
    (
        "民生微实事：楼道适老化小改造陪伴服务",
        proposal(
            "party",
            "party.livelihood",
            "组织居民议定楼道扶手、座椅等微实事并陪伴使用指导。",
            "老旧小区老年居民",
            320,
            [
                ("service", "入户评估", 160, 120),
                ("service", "居民议事会", 12, 900),
                ("staff", "项目社工（兼职时段）", 8, 3500),
            ],
        ),
    ),
    (
        "社会救助对象动态核访服务",
        proposal(
            "basic",
            "basic.assistance",
            "对救助对象开展需求评估、政策宣传和动态核访。",
            "社会救助对象",
            90,
            [STAFF, ("service", "入户核访", 540, 80)],
        ),
    ),
    (
        "社区健康小屋服务",
        proposal(
            "basic",
            "basic.health",
            "开展慢病自我管理小组、健康讲座和义诊。",
            "慢性病居民和家属",
            400,
            [
                ("service", "健康讲座", 24, 1500),
                ("service", "慢病小组", 48, 800),
                ("material", "检测耗材", 400, 30),
            ],
        ),
    ),
    (
        "社区心理咨询驿站",
        proposal(
            "basic",
            "basic.counselling",
            "提供个案咨询、减压小组和心理热线值守。",
            "有需要的居民",
            260,
            [("service", "个案咨询", 240, 300), ("service", "减压小组", 24, 1200)],
        ),
    ),
    (
        "社区学堂终身学习服务",
        proposal(
            "basic",
            "basic.education",
            "开设智能手机、法律常识、安全用药等课程。",
            "中老年居民",
            500,
            [
                ("service", "课程讲授", 96, 500),
                ("material", "教材", 500, 20),
                ("staff", "教务人员", 12, 1800),
            ],
        ),
    ),
    (
        "家门口就业服务",
        proposal(
            "basic",
            "basic.employment",
            "开展就业援助、技能体验和岗位推介。",
            "就业困难人员",
            180,
            [("service", "推介会", 8, 4000), ("service", "一对一辅导", 180, 150)],
        ),
    ),
    (
        "残疾人日间照料陪伴",
        proposal(
            "special",
            "special.disabled",
            "提供日间活动、康复训练陪伴和家属支持小组。",
            "辖区残疾人和家属",
            60,
            [STAFF, ("service", "日间活动", 96, 600), ("service", "家属支持小组", 12, 1200)],
        ),
    ),
    (
        "儿童暑期托管与安全教育",
        proposal(
            "special",
            "special.women_children",
            "暑期托管、阅读陪伴和防溺水安全教育。",
            "双职工家庭儿童",
            80,
            [
                ("staff", "托管老师", 40, 900),
                ("service", "安全教育课", 16, 1200),
                ("material", "活动材料", 80, 120),
            ],
            minors=True,
        ),
    ),
    (
        "婴幼儿家庭养育支持",
        proposal(
            "special",
            "special.infants",
            "开展亲子小组、入户指导和养育讲座。",
            "0～3 岁婴幼儿家庭",
            70,
            [("service", "亲子小组", 36, 1300), ("service", "入户指导", 140, 180)],
            minors=True,
        ),
    ),
    (
        "退役军人关爱服务",
        proposal(
            "special",
            "special.veterans",
            "开展走访慰问、政策咨询和互助小组。",
            "退役军人和军属",
            150,
            [("service", "走访", 300, 80), ("service", "互助小组", 12, 1500)],
        ),
    ),
    (
        "社区法律援助工作站",
        proposal(
            "safety",
            "safety.legal_aid",
            "律师值班、法律咨询和普法活动。",
            "辖区居民",
            600,
            [("service", "律师值班", 96, 600), ("service", "普法活动", 12, 1800)],
        ),
    ),
    (
        "邻里矛盾调解服务",
        proposal(
            "safety",
            "safety.mediation",
            "建立调解员队伍，开展纠纷排查和调解。",
            "辖区居民",
            300,
            [STAFF, ("service", "调解个案", 120, 260)],
        ),
    ),
    (
        "应急自救互助培训",
        proposal(
            "safety",
            "safety.emergency",
            "开展急救、消防逃生和台风防范培训演练。",
            "居民和小微商户",
            700,
            [("service", "培训演练", 24, 2600), ("material", "急救包", 100, 150)],
        ),
    ),
    (
        "议事协商能力提升",
        proposal(
            "building",
            "building.deliberation",
            "培育议事骨干，协助社区开展民主协商。",
            "居民代表和楼长",
            120,
            [("service", "议事培训", 16, 2200), ("service", "议事会协作", 24, 1200)],
        ),
    ),
    (
        "社区社会组织培育",
        proposal(
            "building",
            "building.self_organisation",
            "孵化居民自组织，提供督导和小额支持。",
            "居民自组织",
            18,
            [STAFF, ("service", "督导", 36, 900), ("other", "自组织小额支持", 18, 2000)],
        ),
    ),
    (
        "社区微花园共建",
        proposal(
            "building",
            "building.environment",
            "组织居民共建共管社区微花园，开展环保活动。",
            "小区居民",
            260,
            [("service", "共建工作坊", 20, 1800), ("material", "花苗与工具", 260, 60)],
            sources=("fiscal", "community_fund"),
        ),
    ),
    (
        "志愿服务队伍建设",
        proposal(
            "building",
            "building.volunteering",
            "招募培训志愿者，建立积分和回馈机制。",
            "辖区志愿者",
            200,
            [("service", "培训", 16, 1600), ("service", "志愿活动", 36, 900)],
        ),
    ),
)
