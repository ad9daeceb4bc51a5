"""The trainer: runs the phases of any method, writes checkpoints, resumes.

Every update is a pure function of the weights, the optimizer's moments, the phase's stored state, the seed and the
update's number: the batch and PyTorch's generator are derived from the seed anew for each update. So a run that was
killed at any point and resumed ends with the same weights, bit for bit, as one that was not.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from weaktal.engine.batch import Batch, Updates, VideoSet
from weaktal.engine.checkpoint import Checkpoints, Position, load_tensors, save_tensors
from weaktal.engine.fabric import fabric_on
from weaktal.engine.folder import TrainingFolder
from weaktal.engine.logs import Logger, LossLog
from weaktal.engine.method import Method, Phase, State
from weaktal.engine.pace import Pace
from weaktal.engine.resume import Start
from weaktal.engine.seeding import derived_seed, seed_torch
from weaktal.engine.settings import EngineConfig
from weaktal.errors import RunError
from weaktal.files import write_json
from weaktal.progress import OnProgress, Progress

log = logging.getLogger("weaktal")

# Gives figures to log by name, of the method as it is, the name of the phase and its state; see Trainer.look.
Look = Callable[[Method, str, State], Mapping[str, float]]


class Trainer:
    """Trains one method on one set of videos into one run folder.

    Args:
        method: what to train; its weights were made from the seed.
        videos: the training videos: features and tags.
        run: where everything goes.
        settings: of the engine.
        seed: of everything random.
        on_progress: is told of each update, with its losses.
        hparams: what defines the run, for TensorBoard and the loggers.
        loggers: what is told of the training besides its own files.
        look: called at the end of each phase and every ``look_every`` updates, in evaluation mode, without gradient;
            what it gives is logged and nothing else.

    Raises:
        InputError: if the device is not there.
    """

    def __init__(
        self,
        method: Method,
        videos: VideoSet,
        run: TrainingFolder,
        settings: EngineConfig,
        seed: int,
        on_progress: OnProgress | None = None,
        hparams: Mapping[str, object] | None = None,
        loggers: Sequence[Logger] = (),
        look: Look | None = None,
    ) -> None:
        self.hparams = hparams
        self.look = look
        self.loggers = loggers
        self.method = method
        self.videos = videos
        self.run = run
        self.settings = settings
        self.seed = seed
        self.on_progress = on_progress or (lambda _: None)
        self.checkpoints = Checkpoints(run)
        self.fabric = fabric_on(settings)

    def train(self) -> None:
        """Runs all phases from the newest checkpoint, or from the start, to the last weights.

        Raises:
            RunError: if a loss is not a finite number.
        """
        start = Start(self.checkpoints)
        start.check(self.method.phases())
        start.load_weights(self.fabric.to_device(self.method.module))
        position, optimizer, state = start.position, None, dict[str, Tensor]()
        total = sum(phase.updates for phase in self.method.phases())
        self.pace = Pace(total, position.total, self.fabric.device)
        with self._log(position.total) as log:
            for index, phase in enumerate(self.method.phases()):
                state = self._state(phase, index, state, stored=start.has_begun(index))
                if start.is_over(index):
                    continue
                position = position.entering(index)
                optimizer = self._optimizer(phase, optimizer)
                start.load_moments(index, optimizer)
                position = self._run_phase(phase, position, optimizer, state, log)
                self._finish(phase, index, state)
        self._save(self.run.weights, self.method.module.state_dict())
        self.checkpoints.clear()
        self.pace.finish()

    def _save(self, path: Path, tensors: Mapping[str, Tensor]) -> None:
        save_tensors(path, tensors, within=self.run.path)

    def _log(self, total: int) -> LossLog:
        board = self.run.tensorboard if self.settings.tensorboard else None
        return LossLog(self.run.losses, total, board, self.hparams, self.loggers)

    def _state(self, phase: Phase, index: int, previous: dict[str, Tensor], *, stored: bool) -> dict[str, Tensor]:
        """What the phase prepares, or the run has stored of that; the previous state where it prepares nothing."""
        if phase.prepare is None:
            return previous
        file = self.run.phase(index, phase.name) / "state.safetensors"
        if stored:
            state = load_tensors(file)
        else:
            seed_torch(self.seed, phase.drawing(index), "prepare")
            _freeze_all_but(self.method.module, ())
            with torch.no_grad():
                state = phase.prepare(self.videos, previous)
            self._save(file, state)
        return {name: tensor.to(self.fabric.device) for name, tensor in state.items()}

    def _finish(self, phase: Phase, index: int, state: State) -> None:
        """What a phase leaves behind; a run that was stopped after its last update does this again, with no harm."""
        if phase.finish is not None:
            phase.finish()
        folder = self.run.phase(index, phase.name)
        self._save(folder / "weights.safetensors", self.method.module.state_dict())
        if phase.review is not None:
            _freeze_all_but(self.method.module, ())
            with torch.no_grad():
                write_json(folder / "statistics.json", phase.review(self.videos, state))

    def _optimizer(self, phase: Phase, previous: Optimizer | None) -> Optimizer:
        trained = _freeze_all_but(self.method.module, phase.trains)
        if phase.keep_optimizer and previous is not None:
            return previous
        optimizer = phase.optimizer.build(trained)
        for group in optimizer.param_groups:  # PyTorch's own name for the rate before any schedule
            group["initial_lr"] = group["lr"]
        return cast(Optimizer, self.fabric.setup_optimizers(optimizer))

    def _run_phase(
        self, phase: Phase, position: Position, optimizer: Optimizer, state: State, log: LossLog
    ) -> Position:
        self._tell(phase, position)
        if self._is_enough(phase, position):  # training was stopped right there
            return position
        for batch in self._batches(phase, position):
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * phase.rate(position.update)
            seed_torch(self.seed, phase.drawing(position.phase), position.update)
            parts, norm = self._update(phase, batch, optimizer, state)
            self.pace.tick()
            position = Position(phase=position.phase, update=position.update + 1, total=position.total + 1)
            done = position.update == phase.updates or self._is_enough(phase, position)
            values = {name: part.item() for name, part in parts.items()}
            values = {"loss": sum(values.values()), **values}
            _refuse_nonfinite(values, phase, position)
            if position.update % self.settings.log_every == 0 or done:
                about = {
                    "lr": optimizer.param_groups[0]["lr"],
                    "gradient_norm": norm.item(),
                    "seconds": self.pace.seconds,
                }
                log.write(total=position.total, phase=phase.name, update=position.update, values=values, about=about)
            self._tell(phase, position, values)
            if self.look is not None and (done or self._is_due(position)) and (seen := self._looked(phase, state)):
                log.write_about(total=position.total, values=seen)
            if position.update % self.settings.checkpoint_every == 0 or done:
                _refuse_nonfinite(_weight_sums(self.method.module), phase, position)
                self.checkpoints.save(position, self.method.module, optimizer)
            if done:
                break
        return position

    def _is_enough(self, phase: Phase, position: Position) -> bool:
        """Whether the phase is over before its time."""
        update = position.update
        if not phase.may_end_early or not 0 < update < phase.updates or update % phase.ask_every:
            return False
        assert phase.enough is not None
        _freeze_all_but(self.method.module, ())
        with torch.no_grad():
            enough = phase.enough(self.videos)
        _freeze_all_but(self.method.module, phase.trains)  # back to training
        if enough:
            log.info("%s ended after %d of at most %d updates", phase.name, update, phase.updates)
            self.pace.total -= phase.updates - update
        return enough

    def _is_due(self, position: Position) -> bool:
        every = self.settings.look_every
        return every > 0 and position.update % every == 0

    def _looked(self, phase: Phase, state: State) -> Mapping[str, float]:
        assert self.look is not None
        self.method.module.eval()
        with torch.no_grad():
            found = self.look(self.method, phase.name, state)
        _freeze_all_but(self.method.module, phase.trains)  # back to training
        return found

    def _tell(self, phase: Phase, position: Position, values: Mapping[str, float] | None = None) -> None:
        whole = (self.pace.done, self.pace.total)
        self.on_progress(Progress(phase.name, position.update, phase.updates, "updates", values or {}, whole))

    def _update(
        self, phase: Phase, batch: Batch, optimizer: Optimizer, state: State
    ) -> tuple[dict[str, Tensor], Tensor]:
        """One optimizer step.

        Returns:
            The weighted loss parts, averaged over the micro-batches, and the length of the gradient before clipping.
        """
        optimizer.zero_grad(set_to_none=True)
        with self.fabric.autocast():
            shared = dict(phase.shared()) if phase.shared is not None else {}
        # Gradients stop here at first, so that each forward pass can be freed before the next one.
        leaves = {name: tensor.detach().requires_grad_(tensor.requires_grad) for name, tensor in shared.items()}
        given = {**state, **leaves}
        sums: dict[str, Tensor] = {}
        for piece in batch.split(phase.optimizer.micro_batch):
            share = len(piece) / len(batch)
            with self.fabric.autocast():
                parts = phase.losses(piece.to(self.fabric.device), given)
            self.fabric.backward(torch.stack(list(parts.values())).sum() * share)
            for name, part in parts.items():
                sums[name] = sums.get(name, torch.zeros((), device=part.device)) + part.detach() * share
        reached = {name: leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}
        if reached:
            torch.autograd.backward([shared[name] for name in reached], list(reached.values()))
        limit = phase.optimizer.clip_norm
        if limit is not None:  # Fabric goes by the optimizer's parameters, whatever module it is given
            norm = self.fabric.clip_gradients(self.method.module, optimizer, max_norm=limit, error_if_nonfinite=False)
        else:
            norm = _gradient_norm(optimizer)
        optimizer.step()
        if phase.after_update is not None:
            phase.after_update()
        return sums, cast(Tensor, norm)

    def _batches(self, phase: Phase, position: Position) -> Iterator[Batch]:
        updates = Updates(
            self.videos,
            batch_size=phase.optimizer.batch_size,
            max_snippets=phase.optimizer.max_snippets,
            seed=derived_seed(self.seed, phase.drawing(position.phase), "batches"),
            count=phase.updates,
        )
        # A generator of its own: the loader would otherwise draw from PyTorch's and change what dropout sees.
        yield from DataLoader(
            updates,
            batch_size=None,
            sampler=range(position.update, phase.updates),
            num_workers=self.settings.workers,
            generator=torch.Generator(),
        )


def _freeze_all_but(module: nn.Module, names: Sequence[str]) -> list[nn.Parameter]:
    """Turns gradients and training mode on for the named submodules alone; returns their parameters.

    Also where no gradient is computed: PyTorch multiplies in another order by whether a weight could get one.
    """
    module.requires_grad_(False)
    module.zero_grad(set_to_none=True)  # what a part that is frozen now kept from the phase before
    module.eval()
    trained: list[nn.Parameter] = []
    for name in names:
        part = module.get_submodule(name)
        part.requires_grad_(True)
        part.train()
        trained.extend(part.parameters())
    return trained


def _gradient_norm(optimizer: Optimizer) -> Tensor:
    parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    return nn.utils.get_total_norm([p.grad for p in parameters])


def _refuse_nonfinite(values: dict[str, float], phase: Phase, position: Position) -> None:
    for name, value in values.items():
        if not math.isfinite(value):
            raise RunError(
                f"{name!r} became {value} at update {position.update} of phase {phase.name}; "
                "a lower learning rate or smaller clip_norm may help"
            )


def _weight_sums(module: nn.Module) -> dict[str, float]:
    """A sum of each tensor's numbers, which is finite only if they all are."""
    return {name: tensor.detach().double().sum().item() for name, tensor in module.state_dict().items()}
