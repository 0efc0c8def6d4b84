"""The public log as its readers expect it (docs/spec/log.md, item 8)."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from agency_credit.domain.errors import NotFoundError
from agency_credit.services.log import load_checkpoint, load_log_keys, load_proof
from agency_credit.services.office import Office

_TEXT = "text/plain"


@get("/log/checkpoint")
async def read_checkpoint() -> Response[str]:
    """The newest signed head of the log, a signed note of C2SP."""
    note = await load_checkpoint()
    if note is None:
        raise NotFoundError("log.empty", "the log has no entry yet; come back after the first draw")
    return Response(note, media_type=_TEXT)


@get("/log/proof/{index:int}")
async def read_proof(office: NamedDependency[Office], index: FromPath[int]) -> Response[str]:
    """The proof that an entry is in the log, in the form tlog-proof of C2SP."""
    return Response(await load_proof(office, index), media_type=_TEXT)


@get("/log/keys")
async def read_keys(office: NamedDependency[Office]) -> Response[str]:
    """The verifier keys of the log, one a line: all that have ever signed, the present one last."""
    keys = await load_log_keys(office)
    return Response("".join(f"{key.text}\n" for key in keys), media_type=_TEXT)
