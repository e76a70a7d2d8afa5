"""Make the papers of the demo anew: `.venv/bin/python scripts/papers.py` (needs Pango, Noto CJK fonts, Pillow)."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import weasyprint
from fontTools import subset
from PIL import Image, ImageDraw, ImageFilter, ImageFont

PLACE = Path(__file__).parent.parent / "app" / "cli" / "papers"
FONTS = Path("/usr/share/fonts/opentype/noto")
SANS, BOLD, SERIF = "NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Regular.ttc"
STRONG = "NotoSerifCJK-Bold.ttc"
CHINESE = 2
"""The face for simplified Chinese in Noto's collections."""
VIEW = (1.3, 0.06, -100, 0.06, 1.24, -95, 0.00004, 0.00006)
"""From where the board is seen: the coefficients of a perspective."""
INK, PEN, RED = (52, 50, 48), (38, 56, 118), (190, 40, 36)
LOOK = """
@page { size: A4; margin: 24mm 24mm 22mm; @bottom-center { content: "— " counter(page) " —"; font: 10pt Paper; } }
body { font: 12pt/1.8 Paper, serif; color: #111; }
.demo { position: fixed; top: 92mm; left: 14mm; transform: rotate(-32deg); font-size: 64pt; letter-spacing: 8mm; color: #f0e3e2; }
.head { position: relative; margin: 0 0 9mm; padding-bottom: 4mm; border-bottom: 0.7mm solid #be2824; color: #be2824; font-size: 22pt; font-weight: 700; letter-spacing: 2mm; text-align: center; }
.head small { display: block; font-size: 10.5pt; font-weight: 400; letter-spacing: 0; color: #555; }
h1 { position: relative; margin: 0 0 6mm; font-size: 18pt; text-align: center; }
h2 { margin: 5mm 0 1mm; font-size: 13pt; }
p { position: relative; margin: 0; text-indent: 2em; }
table { position: relative; width: 100%; margin: 3mm 0; border-collapse: collapse; line-height: 1.5; }
th, td { padding: 1.6mm 2.4mm; border: 0.25mm solid #333; text-align: left; vertical-align: top; }
th { width: 24mm; font-weight: 600; }
thead th { width: auto; }
.sign { margin-top: 12mm; text-align: right; }
"""
PAPERS = {
    "proposal": """<div class="head">社区项目申报附件<small>演示材料，非真实文件</small></div><h1>项目实施方案</h1>
<h2>一、为什么要做</h2><p>入户走访和议事会收集的需求中，这一类居民反映最集中；辖区现有服务时间短、离家远，行动不便的居民用不上。</p>
<h2>二、服务谁、怎么服务</h2><p>服务对象和数量以申报表所列为准。先入户建档，再按每户情况安排；集中活动放在党群服务中心，步行不超过十分钟。</p>
<h2>三、时间安排</h2><table><thead><tr><th>阶段</th><th>做什么</th><th>完成标志</th></tr></thead>
<tr><td>第 1 月</td><td>建档、培训志愿者、公布活动安排</td><td>服务对象档案齐全</td></tr>
<tr><td>第 2 至 10 月</td><td>按计划服务，每月报告人次</td><td>服务人次达到目标</td></tr>
<tr><td>第 11 至 12 月</td><td>回访、满意度调查、整理档案</td><td>满意度达到目标</td></tr></table>
<h2>四、安全和隐私</h2><p>上门两人同行；活动购买意外保险；名单只供经办人员使用，公开的照片不出现可辨认的面部。</p>
<h2>五、预算</h2><p>按岗位时段、服务次数和物资数量测算，明细见申报表。结余退回资金池，不用于本项目以外的支出。</p>
<p class="sign">社区两委</p>""",
    "vote": """<div class="head">社区居民会议<small>演示材料，非真实文件</small></div><h1>表决记录</h1>
<table><tr><th>表决事项</th><td colspan="3">是否同意按公开的内容申报本项目</td></tr>
<tr><th>应到</th><td>60 人</td><th>实到</th><td>41 人，超过半数</td></tr></table>
<table><thead><tr><th>同意</th><th>不同意</th><th>弃权</th><th>结果</th></tr></thead>
<tr><td>30 票</td><td>6 票</td><td>5 票</td><td>通过</td></tr></table>
<h2>表决过程</h2><p>主持人宣读申报内容和预算，两委成员回答提问。采用举手表决，由两名居民代表分别点票，结果一致，当场宣布。</p>
<h2>不同意见</h2><p>六名居民认为活动场地偏小。会议决定把大型活动改到小学操场，其余内容不变。</p>
<p class="sign">监票人：居民代表　　记录人：两委成员</p>""",
    "payment": """<div class="head">社会组织付款申请<small>演示材料，非真实文件，不是发票</small></div><h1>付款申请说明</h1>
<table><tr><th>申请事项</th><td>按合同约定申请支付本期款项</td></tr><tr><th>金额</th><td>以系统登记的本期应付金额为准</td></tr>
<tr><th>收款账户</th><td>合同载明的对公账户</td></tr><tr><th>附件</th><td>发票（原件已送街道财务核对）、服务记录、签到表</td></tr></table>
<h2>本期完成情况</h2><p>本期服务已经完成，社区已确认成果。服务人次、活动场次与报送的记录一致，没有重复计算。</p>
<h2>承诺</h2><p>本组织承诺材料真实，款项只用于本项目，接受街道和社区核查；虚报的，退回款项并承担合同责任。</p>
<p class="sign">社会组织财务　　社会组织负责人</p>""",
    "minutes": """<div class="head">社区居民议事会<small>演示材料，非真实文件</small></div><h1>会议记录</h1>
<table><tr><th>议题</th><td colspan="3">是否申报本项政府购买服务、服务什么人、怎么服务、花多少钱</td></tr>
<tr><th>主持</th><td>党组织书记</td><th>记录</th><td>两委成员</td></tr>
<tr><th>地点</th><td>社区党群服务中心二楼议事厅</td><th>到会</th><td>12 人，签到表附后</td></tr></table>
<h2>一、情况介绍</h2><p>两委成员介绍了今年收集的居民需求：入户走访、议事会和线上留言都反映，现有服务时间短、覆盖面小，行动不便的居民享受不到。</p>
<h2>二、讨论意见</h2><p>居民代表提出，服务点要设在步行十分钟以内，活动安排提前一周贴在公告栏；上门服务应当两人同行并留下记录。</p>
<p>有代表担心人员费用偏高，书记说明费用按岗位和时段测算，街道审核时还要核对，节余退回资金池。</p>
<h2>三、议定事项</h2><p>到会十二人一致同意按讨论的服务内容、对象和预算提出申报，并提请居民会议表决。表决前在公告栏公开申报内容，征求意见。</p>
<p class="sign">主持人：党组织书记　　记录人：两委成员</p>""",
    "requirements": """<div class="head">采购文件附件<small>演示材料，非真实文件</small></div><h1>服务需求说明</h1>
<h2>一、服务内容和数量</h2><p>按批准的项目申报书执行。服务对象、服务次数和绩效目标以申报书所列为准，承接方不得自行减少。</p>
<h2>二、人员要求</h2><table><thead><tr><th>岗位</th><th>人数</th><th>要求</th></tr></thead>
<tr><td>项目负责人</td><td>1</td><td>持社会工作者职业资格，有两年以上同类服务经验</td></tr>
<tr><td>项目社工</td><td>2</td><td>持证或在培，服务期内相对固定，更换须提前十日告知</td></tr>
<tr><td>志愿者</td><td>不少于 10</td><td>经过培训并登记，佩戴标识</td></tr></table>
<h2>三、服务记录</h2><p>每次服务填写签到表和服务记录，一人一档；每月五日前报告上月服务人次，附现场照片。</p>
<p>涉及未成年人和困难家庭的，照片不得出现可辨认的面部，名单不得公开。</p>
<h2>四、验收和付款</h2><p>社区逐个里程碑确认，街道按合同约定付款；未达到绩效目标的，按合同扣减。</p>
<h2>五、其他</h2><p>承接方不得转包。服务期满移交全部档案，并配合绩效评价。</p>""",
    "contract": """<div class="head">政府购买服务合同<small>演示材料，非真实文件</small></div><h1>合同主要条款</h1>
<table><tr><th>购买主体</th><td>镇街（甲方）</td></tr><tr><th>承接主体</th><td>中选的社会组织（乙方）</td></tr>
<tr><th>合同编号</th><td>以签订时登记的编号为准</td></tr><tr><th>合同金额</th><td>以中选结果登记的金额为准</td></tr></table>
<h2>第一条　服务内容</h2><p>乙方按采购文件和响应文件提供服务，服务内容、数量和质量不得低于承诺。</p>
<h2>第二条　付款</h2><p>合同签订后甲方支付预付款，不超过合同金额的百分之四十；进度款按社区确认的里程碑支付；绩效评价结果公布后支付尾款。</p>
<h2>第三条　监督</h2><p>甲方和社区可以随时查看服务现场和档案。乙方收到整改意见后十个工作日内完成整改。</p>
<h2>第四条　违约和解除</h2><p>乙方转包、虚报服务人次或者挪用资金的，甲方可以解除合同并追回已付款项，依法记入信用记录。</p>
<h2>第五条　争议</h2><p>双方先行协商，协商不成的，向甲方所在地人民法院起诉。</p>
<p class="sign">甲方（盖章）　　　　　　乙方（盖章）　　　　　　</p>""",
    "report": """<div class="head">社会组织服务报告<small>演示材料，非真实文件</small></div><h1>本期服务记录</h1>
<table><thead><tr><th>周次</th><th>服务内容</th><th>场次</th><th>人次</th></tr></thead>
<tr><td>第 1 周</td><td>上门探访，建立服务档案</td><td>18</td><td>96</td></tr><tr><td>第 2 周</td><td>上门探访，集中活动一场</td><td>19</td><td>142</td></tr>
<tr><td>第 3 周</td><td>集中活动两场，志愿者培训</td><td>12</td><td>168</td></tr><tr><td>第 4 周</td><td>上门探访，回访核对</td><td>16</td><td>114</td></tr>
<tr><td>合计</td><td></td><td>65</td><td>520</td></tr></table>
<h2>做得好的</h2><p>活动安排提前一周张贴在服务点公告栏，来的人比上期多；两名志愿者经培训后能独立探访。</p>
<h2>需要改进的</h2><p>雨天出行不便，有六户没有探访到，下期第一周补上，并为他们改为电话问候加上门各一次。</p>
<h2>下期安排</h2><p>继续每周探访，增加一场健康讲座；按居民意见把活动时间改到上午九点半。</p>
<p class="sign">社会组织项目负责人</p>""",
}


def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A face of Noto's in a size."""
    return ImageFont.truetype(FONTS / name, size, index=CHINESE)


def written(sheet: Image.Image, at: tuple[int, int], words: str, size: int, chance: random.Random) -> None:
    """Words as if by hand: every sign a little turned, lifted and slanted."""
    x, y = at
    for sign in words:
        glyph = Image.new("L", (size * 2, size * 2))
        ImageDraw.Draw(glyph).text(
            (size // 2, size // 4), sign, 255, font(SERIF, size + chance.randint(-3, 3))
        )
        slant = chance.uniform(0.05, 0.22)
        glyph = glyph.transform(
            glyph.size, Image.Transform.AFFINE, (1, slant, -slant * size, 0, 1, 0), Image.Resampling.BICUBIC
        ).rotate(chance.uniform(-7, 7), Image.Resampling.BICUBIC)
        sheet.paste(PEN, (x - size // 2, y - size // 4 + chance.randint(-4, 4)), glyph)
        x += round(size * (0.62 if sign.isascii() else 0.98))


def scanned() -> Image.Image:
    """A sign-in sheet, filled in by hand and scanned a little askew."""
    chance = random.Random(7)
    sheet = Image.new("RGB", (1000, 1240), (250, 249, 245))
    pen = ImageDraw.Draw(sheet)
    pen.text((500, 90), "居民议事会签到表", INK, font(BOLD, 46), anchor="mm")
    pen.text((500, 145), "（演示材料，非真实文件）", RED, font(SANS, 24), anchor="mm")
    columns, top, height = (80, 170, 430, 690, 920), 195, 68
    for row in range(14):
        pen.line((columns[0], top + row * height, columns[-1], top + row * height), INK, 2)
    for x in columns:
        pen.line((x, top, x, top + 13 * height), INK, 2)
    for number, words in enumerate(("序号", "身份", "签名", "到会时间")):
        middle = (columns[number] + columns[number + 1]) // 2
        pen.text((middle, top + height // 2), words, INK, font(BOLD, 26), anchor="mm")
    posts = ["党组织书记", "两委成员", *["居民代表"] * 6, *["楼栋长"] * 2, "物业代表", "志愿者"]
    for row, post in enumerate(posts, start=1):
        y = top + row * height
        pen.text((125, y + height // 2), str(row), INK, font(SANS, 26), anchor="mm")
        written(sheet, (192, y + 14), post, 32, chance)
        written(sheet, (462, y + 12), f"演示{'甲乙丙丁戊己庚辛壬癸子丑'[row - 1]}", 38, chance)
        written(sheet, (736, y + 14), f"9:{20 + chance.randint(0, 14)}", 34, chance)
    pen.text((80, 1118), "应到 12 人，实到 12 人", INK, font(SANS, 26))
    sheet = sheet.rotate(0.8, Image.Resampling.BICUBIC, fillcolor=(226, 225, 220))
    return rough(sheet.resize((880, 1091), Image.Resampling.LANCZOS), 4, chance)


def board() -> Image.Image:
    """A photo of the board at a service point, taken from the side."""
    chance = random.Random(11)
    cork = Image.new("RGB", (1400, 1000), (196, 158, 112))
    pen = ImageDraw.Draw(cork)
    for _ in range(5000):
        x, y, light = chance.randint(0, 1400), chance.randint(110, 1000), chance.randint(-22, 18)
        pen.ellipse((x, y, x + 5, y + 4), (196 + light, 158 + light, 112 + light))
    pen.rectangle((0, 0, 1400, 110), (30, 92, 140))
    pen.text((700, 55), "社区服务点公告栏", (255, 255, 255), font(BOLD, 60), anchor="mm")
    sheets: Sequence[tuple[int, int, str, Sequence[str], float]] = (
        (60, 150, "本周活动安排", ("周一　上门探访", "周二　健康讲座　9:30", "周三　上门探访", "周四　手工小组　9:30", "周五　志愿者培训"), -1.6),
        (700, 160, "服务须知", ("一、两人同行，佩戴标识", "二、服务免费，不收财物", "三、每次服务请您签字", "四、意见请投意见箱", "　　或告诉社区两委"), 1.3),
        (395, 668, "演示材料", ("这张照片是画出来的，", "照片里没有真实的人和地方。"), -0.7),
    )  # fmt: skip
    for x, y, title, lines, turn in sheets:
        paper = Image.new("RGBA", (610, 150 + 56 * len(lines)), (253, 252, 247, 255))
        ink = ImageDraw.Draw(paper)
        ink.text((305, 62), title, RED, font(BOLD, 44), anchor="mm")
        for number, line in enumerate(lines):
            ink.text((52, 112 + 54 * number), line, INK, font(SANS, 36))
        paper = paper.rotate(turn, Image.Resampling.BICUBIC, expand=True)
        shade = Image.new("RGBA", paper.size, (60, 40, 20, 110))
        cork.paste(shade, (x + 9, y + 10), paper.getchannel("A").filter(ImageFilter.GaussianBlur(5)))
        cork.paste(paper, (x, y), paper)
        pen.ellipse((x + 298, y + 8, x + 324, y + 34), RED)
    wall = Image.new("RGB", (1200, 900), (216, 219, 214))
    ImageDraw.Draw(wall).rectangle((0, 872, 1200, 900), (150, 148, 142))
    quad = cork.transform(wall.size, Image.Transform.PERSPECTIVE, VIEW, Image.Resampling.BICUBIC)
    inside = Image.new("L", cork.size, 255).transform(wall.size, Image.Transform.PERSPECTIVE, VIEW)
    wall.paste((130, 130, 126), (10, 12), inside.filter(ImageFilter.GaussianBlur(8)))
    wall.paste(quad, (0, 0), inside)
    light = Image.linear_gradient("L").rotate(180).resize(wall.size).point(lambda v: 205 + v // 5)
    return rough(Image.composite(wall, Image.new("RGB", wall.size, (70, 66, 60)), light), 4, chance)


def rough(picture: Image.Image, noise: int, chance: random.Random) -> Image.Image:
    """A scanner's or a camera's softness and grain, coarse enough to be kept small."""
    random.seed(chance.random())
    grain = Image.effect_noise((picture.width // 3, picture.height // 3), noise * 4).resize(picture.size)
    soft = picture.filter(ImageFilter.GaussianBlur(0.6))
    return Image.blend(soft, Image.merge("RGB", (grain,) * 3), noise / 100)


def printed(words: str, folder: Path) -> bytes:
    """A PDF that carries no more of its fonts than its own signs: the whole faces' tables would be 200 KB."""
    faces = ""
    for weight, name in (("400", SERIF), ("700", STRONG)):
        options = subset.Options(font_number=CHINESE, layout_features=[], notdef_outline=True)
        face = subset.load_font(str(FONTS / name), options)
        cut = subset.Subsetter(options)
        cut.populate(text=words + LOOK + "演示材料0123456789")
        cut.subset(face)
        subset.save_font(face, str(folder / name), options)
        faces += f"@font-face {{ font-family: Paper; font-weight: {weight}; src: url({(folder / name).as_uri()}); }}"
    page = f'<html lang="zh-CN"><title>演示材料</title><style>{faces}{LOOK}</style><div class="demo">演示材料</div>{words}</html>'
    made: bytes = weasyprint.HTML(string=page).write_pdf()
    return made


def main() -> None:
    """Write them all."""
    with tempfile.TemporaryDirectory() as folder:
        for name, words in PAPERS.items():
            (PLACE / f"{name}.pdf").write_bytes(printed(words, Path(folder)))
    scanned().save(PLACE / "sign_in.jpg", quality=36, optimize=True)
    board().save(PLACE / "board.jpg", quality=42, optimize=True)


if __name__ == "__main__":
    main()
