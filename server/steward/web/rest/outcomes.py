"""How much agents and ghost text help, in figures."""

from fastapi import APIRouter

router = APIRouter(prefix="/outcomes", tags=["outcomes"])
