"""How fast providers, the database, the sandbox and sockets answer."""

from fastapi import APIRouter

router = APIRouter(prefix="/performance", tags=["performance"])
