"""The only road to a model: choose, price, reserve, stream, settle.

How the attempts of a call follow each other and are paid is told in `attempts`.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import get_args

from steward.core.errors import (
    NotPermittedError,
    OverBudgetError,
    UnavailableError,
    UnpricedError,
)
from steward.core.money import NOTHING
from steward.core.principal import Principal
from steward.gateway.call.answer import Answer, Joined
from steward.gateway.call.attempts import Chain
from steward.gateway.call.bill import check_new, known_charge
from steward.gateway.call.breaker import Breakers
from steward.gateway.call.cache import Cache, Known, key_of
from steward.gateway.call.form import in_form_of
from steward.gateway.call.pacing import Pacing, patience
from steward.gateway.call.prepare import prepare, without_secrets
from steward.gateway.call.rate import Rates
from steward.gateway.call.shortage import Shortages
from steward.gateway.call.trail import Trail
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.catalogue.decided import DecidedPrices
from steward.gateway.catalogue.model import Model
from steward.gateway.choice.choose import Choice
from steward.gateway.choice.selection import Selection
from steward.gateway.choice.target import Target
from steward.gateway.hook import Answered, Asking, Hook, Hooks
from steward.gateway.observe import Observer, Observers, Watch
from steward.gateway.provider import Piece, Prepared, Provider, Vector
from steward.gateway.request import EmbeddingRequest, ModelRequest, Purpose, Task, Written
from steward.gateway.settings import GatewaySettings
from steward.gateway.standing import ModelStanding, Reachable, standings
from steward.gateway.team.settings import ANY_MODEL, TEAM
from steward.gateway.team.team import Team
from steward.ledger.charge import NO_USAGE, Charge, Measured, Reservation, Usage
from steward.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Embedded:
    """What texts became."""

    vectors: tuple[tuple[float, ...], ...]
    """In the order of the texts."""
    usage: Usage | None
    """What the provider says it consumed, if it did."""
    trail: Trail


@dataclass(frozen=True, slots=True)
class _Opened:
    """A call that may be made."""

    request: ModelRequest | EmbeddingRequest
    targets: Sequence[Target]
    prepared: Prepared
    """What the first of the targets would be sent."""
    trail: Trail
    asking: Asking | None
    """What hooks were shown; None where there are none."""
    watch: Watch


class Gateway:
    """Opens model calls and keeps the ledger true."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        ledger: Ledger,
        settings: GatewaySettings,
        pacing: Pacing,
        hooks: Sequence[Hook] = (),
        told: DecidedPrices | Team | None = None,
    ) -> None:
        """Join them; `told` is what others say of models: administrators, or a team's server."""
        self._told = told
        self._team = told if isinstance(told, Team) else None
        decided = None if isinstance(told, Team) else told
        self._providers = providers
        self._ledger = ledger
        self._settings = settings
        self._pacing = pacing
        self._hooks = Hooks(hooks)
        self._observers = Observers()
        self._selection = Selection(
            providers,
            Catalogue(
                settings,
                decided and decided.by_model,
                providers,
                self._team and self._team.models,
            ),
            settings,
        )
        self._rates = Rates(
            pacing.clock, settings.calls_a_minute, self._selection.by_id(settings.calls_a_minute_of)
        )
        self._breakers = Breakers(settings.breaker, providers)
        self._cache = Cache(pacing.clock, settings.cache)
        self.shortages = Shortages()

    def report_to(self, observer: Observer) -> None:
        """Tell somebody of every call from now on, when it is over."""
        self._observers.add(observer)

    def unavailable_reason(self, principal: Principal, *tasks: Written) -> str | None:
        """Why this person can call no model for one of these tasks, in words for them.

        None where there is one for each; where no task is named, where there is one for any.
        """
        if self._team is not None and (self._team.why_off or not self._team.is_known):
            return self._team.why_off  # What it offers is asked for by the first call.
        if tasks:
            return next(filter(None, (self._why_not(principal, task) for task in tasks)), None)
        reasons = [self._why_not(principal, task) for task in get_args(Task)]
        return None if None in reasons else reasons[0]

    def _why_not(self, principal: Principal, task: Written) -> str | None:
        try:
            self._selection.first(principal, task)
        except (UnavailableError, UnpricedError, NotPermittedError) as error:
            return str(error)
        return None

    def model_for(self, principal: Principal, task: Written) -> Model:
        """What is known of the model that this person's next call for the task would ask first.

        It opens nothing and costs next to nothing; the next call may find something else.

        Raises:
            UnavailableError: no model is configured, or a team's server cannot be reached.
            UnpricedError: nobody has said what it costs.
            NotPermittedError: the policy does not allow it.
        """
        if self._team is not None and self._team.why_off is not None:
            raise UnavailableError(self._team.why_off)
        if self._team is not None and not self._team.is_known:
            return Model(TEAM, ANY_MODEL)  # What it offers is asked for by the first call.
        return self._selection.first(principal, task).model

    @property
    def over_team_budget(self) -> str | None:
        """What the team's server said when its budget did not cover the last call, if it did."""
        return None if self._team is None else self._team.over_budget

    def models(self, principal: Principal, *tasks: Purpose) -> tuple[Model, ...]:
        """Every model that this person can ask here for all of these tasks; for any without one."""
        return self._selection.offered(principal, *tasks)

    async def standings(self, principal: Principal) -> tuple[ModelStanding, ...]:
        """Every model that this person may ask or was chosen for them, and how it stands now."""
        why_off = None if self._team is None else self._team.why_off
        now_s = self._pacing.clock.monotonic_s()
        reachable = Reachable(self._providers, self._breakers, now_s, why_off)
        return await standings(self._selection, principal, reachable)

    @property
    def providers(self) -> frozenset[str]:
        """The names of those that can be asked."""
        return frozenset(self._providers)

    def known(self) -> tuple[Model, ...]:
        """Every model that is known, whether or not it can be asked; by id."""
        return self._selection.every()

    def choices(self, principal: Principal) -> dict[Purpose, Choice | str]:
        """Task → what this person's calls go to where they name nothing; or why to nothing."""
        return self._selection.choices(principal)

    async def hear(self) -> None:
        """Read what others say of models, if that was some seconds ago; a call does so too."""
        if self._told is not None:
            await self._told.refresh()

    def chosen(self, principal: Principal) -> tuple[str, ...]:
        """The ids of all that may answer this person where a request names no model."""
        return self._selection.chosen(principal)

    def is_free(self, principal: Principal) -> bool:
        """Whether no model costs this person anything, so that no budget can be used up."""
        tasks = [task for task in get_args(Task) if self._why_not(principal, task) is None]
        prices = [self._selection.first(principal, task).price for task in tasks]
        return bool(prices) and not any(price.worst(1, 1) for price in prices)

    async def is_short(self, principal: Principal, task: Written) -> bool:
        """Whether a call like the last one would be refused again for want of money.

        It only reads, and is free as long as none was refused: whoever asks at each keystroke
        asks this first.
        """
        if self._team is not None and self._team.is_resting:
            return True
        if not self.shortages.needed(task):
            return False
        standing = await self._ledger.standing(principal)
        return self.shortages.of(standing.left, task) is not None

    async def has_plenty(self, principal: Principal, task: Written) -> bool:
        """Whether there is money for a call that nobody may want: no account is beyond a mark."""
        if await self.is_short(principal, task):
            return False
        return self.is_free(principal) or not await self._ledger.is_warned(principal)

    @asynccontextmanager
    async def call(self, principal: Principal, request: ModelRequest) -> AsyncGenerator[Answer]:
        """Open a call; leaving the block, however it is left, books what it cost.

        Raises:
            UnavailableError: no model is configured; or the provider failed.
            UnpricedError: nobody has said what the model costs.
            NotPermittedError: the policy, or a hook, does not allow it.
            RateLimitedError: this person has asked this model often enough for now.
            OverBudgetError: the account cannot cover the call.
            LimitError: the request is larger than we send.
            InvalidInputError: the request id was used before.
        """
        with Watch(self._observers, self._pacing.clock, principal, request) as watch:
            opened = await self._open(principal, request, watch)
            first = opened.targets[0]
            key = key_of(principal, first.model, opened.prepared, request)
            if (known := self._cache.find(key)) is not None:
                charge = known_charge(first, request, opened.prepared)
                async with self._known(principal, charge, known, opened) as answer:
                    yield answer
                return
            chain = self._chain(principal, opened)
            await chain.begin()
            try:
                kept = self._kept(chain, key) if key else chain.pieces()
                async with aclosing(self._watched(kept, opened)) as pieces:
                    yield Answer(pieces, opened.trail)
            finally:
                chain.close()

    async def embed(self, principal: Principal, request: EmbeddingRequest) -> Embedded:
        """Turn texts into vectors; books what that cost, whatever comes of it.

        Raises:
            StewardError: as `call`.
        """
        with Watch(self._observers, self._pacing.clock, principal, request) as watch:
            embedded = await self._embedded(principal, request, watch)
            watch.is_whole = True
        return embedded

    async def _embedded(
        self, principal: Principal, request: EmbeddingRequest, watch: Watch
    ) -> Embedded:
        opened = await self._open(principal, request, watch)
        chain = self._chain(principal, opened)
        await chain.begin()
        vectors: dict[int, tuple[float, ...]] = {}
        usage: Usage | None = None
        try:
            async with aclosing(self._watched(chain.pieces(), opened)) as pieces:
                async for piece in pieces:
                    match piece:
                        case Vector(index, values):
                            vectors[index] = values
                        case Usage():
                            usage = piece
                        case _:
                            pass
        finally:
            chain.close()
        if sorted(vectors) != list(range(len(request.texts))):
            raise UnavailableError(
                f"The model {opened.trail.model!r} gave {len(vectors)} vectors for"
                f" {len(request.texts)} texts; none of them is used. Try again, or another model."
            )
        return Embedded(tuple(vectors[n] for n in sorted(vectors)), usage, opened.trail)

    async def close(self) -> None:
        """Let go of the connections."""
        for provider in self._providers.values():
            await provider.close()

    async def _reserved(self, principal: Principal, charge: Charge) -> Reservation:
        try:
            reservation = await self._ledger.reserve(principal, charge)
        except OverBudgetError as error:
            needed = charge.worst_nano_usd
            if charge.least_nano_usd is not None:  # A shorter answer was refused, too.
                needed = charge.least_nano_usd
            self.shortages.note(charge.task, needed, str(error))
            raise
        self.shortages.clear()
        return reservation

    async def _open(
        self, principal: Principal, request: ModelRequest | EmbeddingRequest, watch: Watch
    ) -> _Opened:
        """Decide whom to ask, let those look who may object, and prepare what will be sent."""
        await self.hear()
        targets, why = self._selection.of(principal, request)
        first = targets[0]
        asked = in_form_of(first.model, request)
        hint = request.hint if isinstance(request, ModelRequest) else None
        # Behind the first part stands what was passed over.
        is_hinted = hint is not None and hint.whose in why.partition(";")[0]
        trail = watch.follow(Trail(why, first.model.id, tells_why=is_hinted), asked)
        self._rates.take(principal, first.model.id)
        asking: Asking | None = None
        if self._hooks:
            asking = Asking(principal, await without_secrets(asked), first.model.id)
            await self._hooks.before(asking)
        prepared = await prepare(first.provider, first.model, request)
        return _Opened(request, targets, prepared, trail, asking, watch)

    def _chain(self, principal: Principal, opened: _Opened) -> Chain:
        return Chain(
            opened.request,
            opened.targets,
            partial(self._reserved, principal),
            self._ledger,
            self._breakers,
            self._pacing,
            patience(opened.request.task, self._settings.retries),
            opened.trail,
            opened.prepared,
        )

    @asynccontextmanager
    async def _known(
        self, principal: Principal, charge: Charge, known: Known, opened: _Opened
    ) -> AsyncGenerator[Answer]:
        """A call whose answer is known: booked like any other, at no cost."""
        check_new(await self._reserved(principal, charge), charge.request_id)
        trail = opened.trail
        trail.is_cached, trail.saved_nano_usd = True, known.cost
        try:
            async with aclosing(self._watched(_told(known), opened)) as pieces:
                yield Answer(pieces, trail)
        finally:
            saved = Measured(saved_nano_usd=known.cost)
            self._ledger.settle_soon(charge.reservation_id, NO_USAGE, NOTHING, measured=saved)

    async def _kept(self, chain: Chain, key: str) -> AsyncGenerator[Piece]:
        """The pieces of an answer, which is remembered when it came whole from the first model."""
        said: list[Piece] = []
        async with aclosing(chain.pieces()) as pieces:
            async for piece in pieces:
                said.append(piece)
                yield piece
        if chain.is_as_asked:
            self._cache.keep(key, said, chain.targets[0].price)

    async def _watched(
        self, pieces: AsyncGenerator[Piece], opened: _Opened
    ) -> AsyncGenerator[Piece]:
        """The pieces of an answer, which hooks look at when it is whole."""
        asking, trail = opened.asking, opened.trail
        joined, text = Joined(), list[str]()
        async with aclosing(pieces):
            async for piece in pieces:
                opened.watch.saw(piece)
                if asking is not None:
                    text.append(joined.take(piece))
                yield piece
        if asking is not None:
            answered = Answered("".join(text), joined.tool_calls, trail.model, trail.is_cached)
            await self._hooks.after(asking, answered)
        # Of vectors it is known only when they have been counted.
        opened.watch.is_whole = isinstance(opened.request, ModelRequest)


async def _told(known: Known) -> AsyncGenerator[Piece]:
    for piece in known.pieces:
        yield piece
