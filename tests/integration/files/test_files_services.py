"""Uploads: kept once, bound to one case, read by those who may."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from app.core import db
from app.core.clock import MovableClock
from app.core.errors import Fault, NotFound, Refusal
from app.core.identity import RESIDENT, SYSTEM, Actor
from app.files import queries, services
from app.files.models import Blob, StoredFile

PDF = b"%PDF-1.7\nhello"


@pytest.fixture(autouse=True)
def visibility(monkeypatch: pytest.MonkeyPatch) -> set[tuple[int | None, int]]:
    """Who sees which case: pairs of person and case."""
    seen: set[tuple[int | None, int]] = set()
    monkeypatch.setattr(queries, "_case_visible", lambda actor, case_id: (actor.person_id, case_id) in seen)
    return seen


def put(actor: Actor, name: str = "合同.pdf", data: bytes = PDF) -> StoredFile:
    return services.store(actor, name, io.BytesIO(data))


def test_an_upload_is_kept_with_name_kind_and_owner(uploader: Actor, clock: MovableClock) -> None:
    made = put(uploader)
    kept = queries.readable(uploader, made.id)
    assert (kept.name, kept.media_type, kept.size) == ("合同.pdf", "application/pdf", len(PDF))
    assert (kept.uploaded_by, kept.uploaded_at, kept.case_id) == (uploader.person_id, clock.now(), None)
    assert kept.sha256 == hashlib.sha256(PDF).hexdigest()
    assert queries.content(kept) == PDF


def test_the_same_content_is_kept_once(uploader: Actor, stranger: Actor) -> None:
    first, second = put(uploader), put(stranger, "另一份.pdf")
    assert first.id != second.id
    assert db.session().scalar(select(func.count(Blob.sha256))) == 1


def test_the_same_content_arrives_twice_at_once(uploader: Actor, stranger: Actor) -> None:
    together = Barrier(2)

    def send(actor: Actor) -> int:
        try:
            together.wait()
            return put(actor).id
        finally:
            db.close()

    with ThreadPoolExecutor(2) as pool:
        ids = list(pool.map(send, [uploader, stranger]))
    db.close()  # an older read would not see what the threads wrote
    assert len(set(ids)) == 2
    assert db.session().scalar(select(func.count(Blob.sha256))) == 1


def test_a_refused_upload_leaves_nothing(uploader: Actor) -> None:
    with pytest.raises(Refusal, match="扩展名不符"):
        put(uploader, "假.pdf", b"MZ")
    assert db.session().scalar(select(func.count(Blob.sha256))) == 0


def test_the_limit_is_kept_without_reading_on(uploader: Actor) -> None:
    stream = io.BytesIO(b"a" * 5000)
    with pytest.raises(Refusal, match="超过"):
        services.store(uploader, "长.txt", stream, limit=1000)
    assert stream.tell() == 1001


def test_nobody_uploads_without_a_name(uploader: Actor) -> None:
    with pytest.raises(Fault):
        put(SYSTEM)


def test_described_files_come_in_the_given_order(uploader: Actor) -> None:
    first, second = put(uploader, "一.pdf"), put(uploader, "二.pdf")
    assert [f.name for f in queries.describe([second.id, 999, first.id])] == ["二.pdf", "一.pdf"]
    assert queries.describe([]) == []


def test_a_loose_upload_is_read_by_its_owner_alone(uploader: Actor, stranger: Actor) -> None:
    made = put(uploader)
    for other in (stranger, RESIDENT):
        with pytest.raises(NotFound):
            queries.readable(other, made.id)
    with pytest.raises(NotFound):
        queries.readable(uploader, made.id + 1)


def test_an_attached_file_is_read_by_who_sees_its_case(
    uploader: Actor, stranger: Actor, new_case: Callable[[], int], visibility: set[tuple[int | None, int]]
) -> None:
    made, case_id = put(uploader), new_case()
    services.attach([made.id], case_id, uploader)
    with pytest.raises(NotFound):
        queries.readable(stranger, made.id)
    visibility.add((stranger.person_id, case_id))
    visibility.add((None, case_id))
    assert queries.readable(stranger, made.id).case_id == case_id
    with pytest.raises(NotFound):
        queries.readable(RESIDENT, made.id)


def test_a_foreign_upload_is_not_attached(
    uploader: Actor, stranger: Actor, new_case: Callable[[], int]
) -> None:
    own, foreign = put(stranger, "自己的.pdf"), put(uploader)
    with pytest.raises(Refusal, match="不是由您上传"):
        services.attach([own.id, foreign.id], new_case(), stranger)
    db.session().expire_all()
    assert db.session().get_one(StoredFile, own.id).case_id is None


def test_a_file_belongs_to_one_case(uploader: Actor, new_case: Callable[[], int]) -> None:
    made, first = put(uploader), new_case()
    services.attach([made.id], first, uploader)
    services.attach([made.id, made.id], first, uploader)  # handing in again changes nothing
    with pytest.raises(Refusal, match="不是由您上传"):
        services.attach([made.id], new_case(), uploader)
    assert db.session().get_one(StoredFile, made.id).case_id == first


def test_a_colleague_may_name_a_file_already_in_the_case(
    uploader: Actor, stranger: Actor, new_case: Callable[[], int]
) -> None:
    made, case_id = put(uploader), new_case()
    services.attach([made.id], case_id, uploader)
    services.attach([made.id], case_id, stranger)
    assert db.session().get_one(StoredFile, made.id).case_id == case_id


def test_a_missing_file_is_refused(uploader: Actor, new_case: Callable[[], int]) -> None:
    with pytest.raises(Refusal, match="已经不存在"):
        services.attach([999], new_case(), uploader)
    services.attach([], new_case(), uploader)
