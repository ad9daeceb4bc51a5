"""Loggers of others by their own packages: Weights & Biases and MLflow, as :class:`~weaktal.engine.logs.Logger` has it.

Where they write is up to them: ``WANDB_MODE=offline``, ``WANDB_DIR``, ``WANDB_PROJECT``; ``MLFLOW_TRACKING_URI``,
``MLFLOW_EXPERIMENT_NAME``.
"""

from __future__ import annotations

import os
from typing import Any

PROJECT = "weaktal"


class Wandb:
    """A run of Weights & Biases; needs ``weaktal[wandb]``."""

    def __init__(self) -> None:
        import wandb

        self._run = wandb.init(project=os.environ.get("WANDB_PROJECT", PROJECT))

    def log_hyperparams(self, params: dict[str, Any]) -> None:
        """Settings become the run's configuration."""
        self._run.config.update(params)

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Figures after ``step`` updates."""
        self._run.log(metrics, step=step)

    def finalize(self, status: str) -> None:
        """Ends the run, as good or as failed."""
        self._run.finish(exit_code=int(status != "finished"))


class MLflow:
    """A run of MLflow; needs ``weaktal[mlflow]``."""

    def __init__(self) -> None:
        import mlflow

        self._client = mlflow.MlflowClient()
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
        known = self._client.get_experiment_by_name(name)
        experiment = known.experiment_id if known is not None else self._client.create_experiment(name)
        self._id = self._client.create_run(experiment).info.run_id

    def log_hyperparams(self, params: dict[str, Any]) -> None:
        """Settings become the run's parameters."""
        for name, value in params.items():
            self._client.log_param(self._id, name, value)

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Figures after ``step`` updates."""
        for name, value in metrics.items():
            self._client.log_metric(self._id, name, value, step=step)

    def finalize(self, status: str) -> None:
        """Ends the run, as good or as failed."""
        self._client.set_terminated(self._id, "FINISHED" if status == "finished" else "FAILED")
