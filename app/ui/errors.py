"""Error pages in plain Chinese, and the same as JSON for scripts."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.core.errors import Refusal, Unavailable, ZhenjieError

PAGES: dict[int, tuple[str, str]] = {
    400: ("提交的内容无法识别", "请返回上一页，刷新后重新提交。"),
    401: ("请先登录", "登录后才能继续。"),
    403: ("您没有权限进行这项操作", "如确需办理，请联系本单位的系统管理员。"),
    404: ("没有找到您要的内容", "可能已被移走，或您没有查看权限。请检查网址，或从首页重新进入。"),
    405: ("这个网址不能这样打开", "请从页面上的按钮或链接进入。"),
    409: ("内容已经变化", "其他人员可能刚刚办理过。请刷新页面，查看最新情况后再操作。"),
    413: ("上传的文件太大", "单个文件不能超过 20 MB。请压缩或拆分后重新上传。"),
    422: ("这一步现在不能办理", "请按提示修改后重新提交。"),
    429: ("操作太频繁", "请稍等几分钟后再试。"),
    500: ("系统出了问题", "您的操作没有生效，已有的数据不受影响。请稍后再试；多次出现请联系技术支持。"),
    503: ("系统暂时不能使用", "正在维护，请稍后再试。"),
}
CSRF = (
    "页面已过期",
    "页面停留的时间过长，或您在别的窗口重新登录过。请返回刚才的页面，刷新后重新提交；填写的内容已为您保留。",
)


def wants_json() -> bool:
    """Whether a script asked: then an error page would be noise."""
    accept = request.accept_mimetypes
    return request.path.startswith("/api/") or (
        accept["application/json"] > accept["text/html"]
        or request.headers.get("HX-Request") == "true"
        or "X-CSRFToken" in request.headers  # forms carry their token inside
    )


def answer(status: int, title: str, detail: str, refusal: Refusal | None = None) -> Response:
    """An error as a page for people or as problem+json for scripts."""
    if not wants_json():
        page = render_template("ui/error.html", status=status, title=title, detail=detail, refusal=refusal)
        return make_response(page, status)
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if refusal is not None:
        body["rule"] = refusal.rule
        body["errors"] = [
            {"field": one.field, "message": one.message, "rule": one.rule} for one in refusal.errors
        ]
    response = make_response(jsonify(body), status)
    response.mimetype = "application/problem+json"
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, CSRFError):
        return answer(status, *CSRF)
    if status in PAGES:
        title, detail = PAGES[status]
        own = error.description if error.description != type(error).description else None
        return answer(status, title, own or detail)
    return answer(status, HTTPStatus(status).phrase, PAGES[400 if status < 500 else 500][1])


def _ours(error: ZhenjieError) -> Response:
    title, detail = PAGES[error.status]
    if isinstance(error, Refusal):
        return answer(error.status, title, error.message, error)
    if isinstance(error, Unavailable):
        return answer(error.status, title, str(error))
    return answer(error.status, title, detail)


def install(app: Flask) -> None:
    """Answer every error of this application; faults are logged with their traceback."""

    def fault(error: ZhenjieError) -> Response:
        if error.status >= 500:
            app.logger.error("fault at %s %s", request.method, request.path, exc_info=error)
        return _ours(error)

    app.register_error_handler(ZhenjieError, fault)
    app.register_error_handler(HTTPException, _http)
