"""A root in a bucket of any S3-compatible store.

An object appears whole or not at all, by the protocol itself. Credentials, region and endpoint come from where all of
AWS's tools look for them: ``AWS_ACCESS_KEY_ID``, ``AWS_REGION``, ``AWS_ENDPOINT_URL``, a profile, the instance's role.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import logging
import os
import random
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pyarrow as pa
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError, PartialCredentialsError
from urllib3.exceptions import HTTPError

from strata.errors import BadRequest, Unavailable
from strata.scratch import temporary_folder
from strata.storage.protocol import TEMPORARY, Entry, parts_of
from strata.storage.ranges import RangedFile

log = logging.getLogger(__name__)

_TRIES = 8
_LONGEST_WAIT_S = 20.0
_NO_UPLOADS = {"NoSuchUpload", "NotImplemented", "MethodNotAllowed"}
_TAIL_BYTES = 1 << 16
_PART_BYTES = 16 << 20
_PUBLISH_TRIES = 10
_READ_AHEAD = 8 << 20
_REFUSED = frozenset(
    "NoSuchBucket AccessDenied Forbidden 403 InvalidAccessKeyId SignatureDoesNotMatch PermanentRedirect 301 400 "
    "AuthorizationHeaderMalformed InvalidBucketName AllAccessDisabled".split()
)


class Bucket:
    """A root at ``s3://bucket/prefix``."""

    def __init__(self, root: str) -> None:
        bucket, _, prefix = root.removeprefix("s3://").partition("/")
        self._bucket, self._prefix = bucket, prefix.strip("/")
        if not bucket or ".." in self._prefix.split("/"):
            raise BadRequest(f"root: {root!r} does not name a bucket and a prefix: s3://bucket/prefix")
        self.root = f"s3://{bucket}/{self._prefix}".rstrip("/")
        self._client = client()
        with _explained(self.root):  # before hours are spent: is there such a bucket, and may it be read?
            self._client.list_objects_v2(Bucket=bucket, Prefix=self._key_of_folder(), MaxKeys=1)

    def uri(self, path: str) -> str:
        """Return the object's address."""
        return f"s3://{self._bucket}/{self._key(path)}"

    def exists(self, path: str) -> bool:
        """Whether an object is there."""
        try:
            with _explained(self.uri(path)):
                self._client.head_object(Bucket=self._bucket, Key=self._key(path))
        except FileNotFoundError:
            return False
        return True

    def list(self, folder: str) -> list[Entry]:
        """Return the objects right under a prefix, sorted by path, however many."""
        entries = []
        for page in self._pages(folder):
            for item in page.get("Contents", []):
                name = item["Key"].rpartition("/")[2]
                if name and not name.startswith(TEMPORARY):
                    entries.append(Entry(f"{folder}/{name}", item["Size"], item["LastModified"].timestamp()))
        return sorted(entries, key=lambda entry: entry.path)

    def folders(self, folder: str) -> Sequence[str]:
        """Return the paths of the prefixes right under a prefix, sorted."""
        found = [item["Prefix"] for page in self._pages(folder) for item in page.get("CommonPrefixes", [])]
        return sorted(f"{folder}/{prefix.rstrip('/').rpartition('/')[2]}" for prefix in found)

    def remove(self, path: str) -> None:
        """Remove an object; an absent one is no error."""
        with _explained(self.uri(path)):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(path))

    def read(self, path: str) -> bytes:
        """Return an object's bytes."""
        with self.open(path) as file:
            return bytes(file.read())

    def write(self, path: str, data: bytes) -> None:
        """Store an object, replacing it whole."""
        with _explained(self.uri(path)):
            self._client.put_object(Bucket=self._bucket, Key=self._key(path), Body=data)

    def open(self, path: str) -> Any:
        """Return the object as a file; its size and its last 64 KB are fetched at once, the rest by range."""
        return pa.PythonFile(open_ranges(self._client, self._bucket, self._key(path)), mode="r")

    @contextmanager
    def writer(self, path: str) -> Iterator[Path]:
        """Give a local temporary path; upload it, large files in parts, when the block ends without an error."""
        parts_of(path)
        with temporary_folder("upload") as folder:
            local = Path(folder) / path.rpartition("/")[2]
            yield local
            self._upload(local, path)

    def publish(self, folder: Path, path: str) -> None:
        """Put a local folder's files in the place of what is there.

        A bucket cannot replace several objects in one step. So all of them are first stored under a temporary prefix,
        where an end of the process leaves the old record as it was, and are then copied within the store, which takes a
        moment, ``manifest.json`` last. It holds the digests of the others: a reader who meets that moment can tell. If
        another run published this month at the same time, the one that ends last makes its record whole.
        """
        files = sorted(folder.iterdir(), key=lambda file: (file.name == "manifest.json", file.name))
        staged = f"{path.rpartition('/')[0]}/{TEMPORARY}{uuid.uuid4().hex}"
        try:
            for file in files:
                self._upload(file, f"{staged}/{file.name}")
            for attempt in range(_PUBLISH_TRIES):
                for file in files:
                    self._copy(f"{staged}/{file.name}", f"{path}/{file.name}")
                for entry in self.list(path):
                    if entry.path.rpartition("/")[2] not in {file.name for file in files}:
                        self.remove(entry.path)
                if self._stored_is(files, path):
                    return
                log.warning("%s was published by another run at the same time; publishing it again", self.uri(path))
                time.sleep(random.uniform(0, 2**attempt / 10))
            raise Unavailable(f"{self.uri(path)} does not hold what was stored there after {_PUBLISH_TRIES} tries")
        finally:
            for file in files:
                self.remove(f"{staged}/{file.name}")

    def sweep(self, older_than_s: float, *, dry_run: bool) -> Sequence[str]:
        """Remove what killed processes left, which costs storage; return its addresses.

        That is uploads in parts that were never finished, and objects of records that were never put in their place.
        """
        before = time.time() - older_than_s
        uploads = [upload for upload in self._unfinished_uploads() if upload["Initiated"].timestamp() <= before]
        staged = [key for key, modified in self._staged() if modified <= before]
        with _explained(self.root):
            for upload in () if dry_run else uploads:
                name = {"Bucket": self._bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
                self._client.abort_multipart_upload(**name)
            for key in () if dry_run else staged:
                self._client.delete_object(Bucket=self._bucket, Key=key)
        return [f"s3://{self._bucket}/{key}" for key in (*(upload["Key"] for upload in uploads), *staged)]

    def _unfinished_uploads(self) -> Sequence[dict[str, Any]]:
        with _explained(self.root):
            pages = self._client.get_paginator("list_multipart_uploads")
            try:
                found = list(pages.paginate(Bucket=self._bucket, Prefix=self._key_of_folder()))
            except ClientError as error:
                # Some stores say so of a bucket that nothing was uploaded to in parts yet, or know of none.
                if error.response["Error"]["Code"] not in _NO_UPLOADS:
                    raise
                return []
        return [upload for page in found for upload in page.get("Uploads", [])]

    def _staged(self) -> Iterator[tuple[str, float]]:
        """Yield the keys under temporary prefixes, and when they were stored, in seconds since 1970."""
        with _explained(self.root):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._key_of_folder()):
                for item in page.get("Contents", []):
                    if f"/{TEMPORARY}" in f"/{item['Key'].removeprefix(self._key_of_folder())}":
                        yield item["Key"], item["LastModified"].timestamp()

    def _upload(self, local: Path, path: str) -> None:
        # Failing parts are tried again one by one; if the upload fails for good, its parts are removed.
        config = TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, max_concurrency=4)
        with _explained(self.uri(path)), local.open("rb") as file:
            self._client.upload_fileobj(file, self._bucket, self._key(path), Config=config)

    def _copy(self, source: str, target: str) -> None:
        with _explained(self.uri(target)):
            name = {"Bucket": self._bucket, "Key": self._key(source)}
            self._client.copy(name, self._bucket, self._key(target))

    def _stored_is(self, files: Sequence[Path], path: str) -> bool:
        try:
            return all(
                hashlib.sha256(self.read(f"{path}/{file.name}")).digest() == hashlib.sha256(file.read_bytes()).digest()
                for file in files
            )
        except FileNotFoundError:
            return False

    def _pages(self, folder: str) -> Iterator[dict[str, Any]]:
        prefix = f"{self._key(folder)}/"
        with _explained(f"s3://{self._bucket}/{prefix}"):
            pages = self._client.get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/")

    def _key(self, path: str) -> str:
        return "/".join([*filter(None, [self._prefix]), *parts_of(path)])

    def _key_of_folder(self) -> str:
        return f"{self._prefix}/" if self._prefix else ""


def client() -> Any:
    """Return a client for S3 that waits and tries again, and that stores other than AWS's own understand.

    ``AWS_ENDPOINT_URL`` names another store (then with the bucket in the path, not in the host name). Checksums are
    sent only where the protocol demands them, as many stores know none of the newer ones; set
    ``AWS_REQUEST_CHECKSUM_CALCULATION=when_supported`` to have them.
    """
    checksums = {
        setting: os.environ.get(f"AWS_{setting.upper()}", "when_required").lower()
        for setting in ("request_checksum_calculation", "response_checksum_validation")
    }
    retries = {"mode": "standard", "total_max_attempts": _TRIES}
    try:
        return _session().client(
            "s3",
            config=Config(retries=retries, connect_timeout=10, read_timeout=60, max_pool_connections=32, **checksums),
        )
    except (BotoCoreError, ValueError) as error:
        raise BadRequest(f"S3 is not set up: {error}") from error


def _session() -> boto3.Session:
    """Return a session of its own: the library's default one keeps the credentials it found first.

    What describes AWS's services is read once a process, which takes longer than all else that a client needs.
    """
    session, loader = botocore.session.Session(), _service_descriptions()
    session.register_component("data_loader", loader)
    made = boto3.Session(botocore_session=session)
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)  # each session adds boto3's own folder
    return made


@lru_cache(maxsize=1)
def _service_descriptions() -> Any:
    return botocore.loaders.create_loader()


def open_ranges(s3: Any, bucket: str, key: str) -> RangedFile:
    """Return an object as a file of ranges; raises FileNotFoundError."""
    place = {"Bucket": bucket, "Key": key}
    try:
        answer, tail = _get(s3, place, f"bytes=-{_TAIL_BYTES}")
    except _OutOfRange:  # empty; and some stores refuse a range that is longer than the object
        answer, tail = _get(s3, place, None)
    size = int(answer["ContentRange"].rpartition("/")[2]) if "ContentRange" in answer else len(tail)

    def fetch(start: int, length: int) -> bytes:
        # An object that is replaced meanwhile must not be read half old, half new.
        return _get(s3, place | {"IfMatch": answer["ETag"]}, f"bytes={start}-{start + length - 1}", length)[1]

    return RangedFile(fetch, size, tail)


def look(s3: Any, bucket: str, key: str) -> tuple[dt.datetime, int]:
    """Return when an object was last changed, and its size in bytes; raises FileNotFoundError."""
    with _explained(f"s3://{bucket}/{key}"):
        answer = s3.head_object(Bucket=bucket, Key=key)
    return answer["LastModified"], int(answer["ContentLength"])


def read_ahead(file: RangedFile) -> io.BufferedReader:
    """Return the same file for reading from start to end: a request every 8 MB."""
    return io.BufferedReader(file, _READ_AHEAD)


class _OutOfRange(Exception):
    """The object is shorter than the range."""


def _get(s3: Any, place: dict[str, str], span: str | None, length: int | None = None) -> tuple[dict[str, Any], bytes]:
    """Fetch a range whole; the client itself does not try again when an answer breaks off half-way."""
    what = f"s3://{place['Bucket']}/{place['Key']}"
    for attempt in range(_TRIES):
        try:
            with _explained(what):
                answer = s3.get_object(**place, **({"Range": span} if span else {}))
            data = answer["Body"].read()
            if length in (None, len(data)) and len(data) == answer["ContentLength"]:
                return answer, data
            problem = f"{len(data)} bytes came"
        except (HTTPClientError, BotoCoreError, HTTPError) as error:
            problem = str(error)
        wait = min(_LONGEST_WAIT_S, 0.2 * 2**attempt) * random.uniform(0.5, 1)
        log.warning("%s, %s: %s; trying again in %.1f s", what, span, problem, wait)
        time.sleep(wait)
    raise Unavailable(f"{what}, {span}: {problem}, {_TRIES} times")


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn the client's errors into ours: what is not there, what a retry cannot mend, and what it can."""
    try:
        yield
    except ClientError as error:
        code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"].get("HTTPStatusCode")
        if code in {"NoSuchKey", "404", "NotFound"}:
            raise FileNotFoundError(what) from None
        if code == "InvalidRange" or status == 416:
            raise _OutOfRange(what) from None
        if code in _REFUSED:
            raise BadRequest(f"{what}: the store refuses: {error}. Check bucket, region and credentials") from error
        raise Unavailable(f"{what}: {error}") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise BadRequest(f"{what}: {error}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile") from error
    except (BotoCoreError, HTTPError) as error:
        raise Unavailable(f"{what}: {error}") from error
