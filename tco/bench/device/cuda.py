"""The CUDA driver through ctypes: memory, kernels, events and graphs, with no package but the driver itself.

Source: NVIDIA CUDA Driver API reference, docs.nvidia.com/cuda/cuda-driver-api.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from tco.bench.device.kernels import PTX

LIBRARIES = ("libcuda.so.1", "nvcuda.dll", "/usr/lib/wsl/lib/libcuda.so.1")
SM_COUNT, L2_BYTES, CC_MAJOR, CC_MINOR = 16, 38, 75, 76  # CUdevice_attribute
THREADS = 256
BLOCKS_PER_SM = 16
CAPTURE_THREAD_LOCAL = 1

_Pointer = ctypes.c_void_p
_Device = ctypes.c_uint64  # CUdeviceptr


class CudaError(Exception):
    """A driver call failed, or there is no driver."""


class Device:
    """One GPU with its primary context current on this thread, the kernels loaded and a stream of its own."""

    def __init__(self, lib: Any, index: int) -> None:
        self._lib, self.index, self._held = lib, index, ExitStack()
        self._handle = handle_of(lib, index)
        self.n_sms, self.l2_bytes = self._attribute(SM_COUNT), self._attribute(L2_BYTES)
        self.capability = (self._attribute(CC_MAJOR), self._attribute(CC_MINOR))
        self._context, self._module, self.stream = _Pointer(), _Pointer(), _Pointer()
        try:
            self._made("cuDevicePrimaryCtxRetain", self._context, "cuDevicePrimaryCtxRelease_v2", self._handle)
            self.make_current()
            text = ctypes.c_char_p(PTX.encode())
            self._made("cuModuleLoadData", self._module, "cuModuleUnload", text, gone_with=self._module)
            one = ctypes.c_uint(1)  # does not wait for the default stream
            self._made("cuStreamCreate", self.stream, "cuStreamDestroy_v2", one, gone_with=self.stream)
        except BaseException:
            self.close()
            raise

    def call(self, name: str, *arguments: Any) -> None:
        """One driver call; raises CudaError with the driver's own name of the error."""
        call(self._lib, name, *arguments)

    def _made(self, name: str, target: _Pointer, gone: str, argument: Any, *, gone_with: Any = None) -> None:
        """Make something and remember to give it back; after a fatal error giving back fails too and adds nothing."""
        self.call(name, ctypes.byref(target), argument)

        def give_back() -> None:
            with suppress(CudaError):
                self.call(gone, argument if gone_with is None else gone_with)

        self._held.callback(give_back)

    def make_current(self) -> None:
        """Bind the context to the calling thread."""
        self.call("cuCtxSetCurrent", self._context)

    def close(self) -> None:
        """Give everything back."""
        self._held.close()

    def memory_bytes(self) -> tuple[int, int]:
        """Memory that can be allocated now, and all there is."""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self.call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
        return free.value, total.value

    @contextmanager
    def buffer(self, n_bytes: int, pattern: bytes) -> Iterator[int]:
        """Device memory filled with a repeated pattern of random bytes; freed on leaving."""
        at = _Device()
        self.call("cuMemAlloc_v2", ctypes.byref(at), ctypes.c_size_t(n_bytes))
        try:
            self._fill(at.value, n_bytes, pattern)
            yield at.value
        finally:
            self.call("cuMemFree_v2", at)

    def _fill(self, at: int, n_bytes: int, pattern: bytes) -> None:
        """The pattern once from the host, then doubled on the device until the buffer is full."""
        filled = min(len(pattern), n_bytes)
        self.call("cuMemcpyHtoD_v2", _Device(at), ctypes.c_char_p(pattern), ctypes.c_size_t(filled))
        while filled < n_bytes:
            more = min(filled, n_bytes - filled)
            self.call("cuMemcpyDtoD_v2", _Device(at + filled), _Device(at), ctypes.c_size_t(more))
            filled += more
        self.call("cuCtxSynchronize")  # copies on the device return before they are done

    def kernel(self, name: str) -> _Pointer:
        """A kernel of the embedded text."""
        function = _Pointer()
        self.call("cuModuleGetFunction", ctypes.byref(function), self._module, ctypes.c_char_p(name.encode()))
        return function

    def launch(self, function: _Pointer, arguments: Sequence[int] = (), *, n_blocks: int | None = None) -> None:
        """Enqueue a kernel whose parameters are all 64-bit."""
        held = [ctypes.c_uint64(each) for each in arguments]
        pointers = (_Pointer * max(len(held), 1))(*(ctypes.addressof(each) for each in held))
        blocks = self.n_sms * BLOCKS_PER_SM if n_blocks is None else n_blocks
        one = ctypes.c_uint(1)
        self.call(
            "cuLaunchKernel", function, ctypes.c_uint(blocks), one, one, ctypes.c_uint(THREADS), one, one,
            ctypes.c_uint(0), self.stream, pointers, None,
        )  # fmt: skip

    def synchronise(self) -> None:
        """Wait for everything enqueued."""
        self.call("cuStreamSynchronize", self.stream)

    @contextmanager
    def events(self) -> Iterator[tuple[_Pointer, _Pointer]]:
        """A pair of events to time with."""
        pair = (_Pointer(), _Pointer())
        for event in pair:
            self.call("cuEventCreate", ctypes.byref(event), ctypes.c_uint(0))
        try:
            yield pair
        finally:
            for event in pair:
                self.call("cuEventDestroy_v2", event)

    def record(self, event: _Pointer) -> None:
        """Stamp an event in the stream."""
        self.call("cuEventRecord", event, self.stream)

    def elapsed_s(self, began: _Pointer, ended: _Pointer) -> float:
        """Device time between two events, once the second is reached."""
        self.call("cuEventSynchronize", ended)
        took_ms = ctypes.c_float()
        self.call("cuEventElapsedTime", ctypes.byref(took_ms), began, ended)
        return took_ms.value / 1e3

    @contextmanager
    def graph_of(self, function: _Pointer, n_kernels: int) -> Iterator[_Pointer]:
        """A graph of that many launches of an empty kernel, ready to be replayed."""
        graph, ready = _Pointer(), _Pointer()
        self.call("cuStreamBeginCapture_v2", self.stream, ctypes.c_int(CAPTURE_THREAD_LOCAL))
        for _ in range(n_kernels):
            self.launch(function, n_blocks=1)
        self.call("cuStreamEndCapture", self.stream, ctypes.byref(graph))
        self.call("cuGraphInstantiateWithFlags", ctypes.byref(ready), graph, ctypes.c_ulonglong(0))
        try:
            yield ready
        finally:
            self.call("cuGraphExecDestroy", ready)
            self.call("cuGraphDestroy", graph)

    def replay(self, graph: _Pointer) -> None:
        """Enqueue a graph."""
        self.call("cuGraphLaunch", graph, self.stream)

    def _attribute(self, which: int) -> int:
        value = ctypes.c_int()
        self.call("cuDeviceGetAttribute", ctypes.byref(value), ctypes.c_int(which), self._handle)
        return value.value


def call(lib: Any, name: str, *arguments: Any) -> None:
    """One driver call; raises CudaError with the driver's own name of the error."""
    try:
        function = getattr(lib, name)
    except AttributeError:
        raise CudaError(f"{name}: the installed driver does not have it") from None
    code = function(*arguments)
    if code != 0:
        raise CudaError(f"{name}: {_error_name(lib, code)}")


def handle_of(lib: Any, index: int) -> ctypes.c_int:
    """The driver's handle of a GPU by its number among those this process sees."""
    handle = ctypes.c_int()
    call(lib, "cuDeviceGet", ctypes.byref(handle), ctypes.c_int(index))
    return handle


def n_devices(lib: Any) -> int:
    """GPUs, or slices of one, that this process sees."""
    count = ctypes.c_int()
    call(lib, "cuDeviceGetCount", ctypes.byref(count))
    return count.value


def name_of(lib: Any, index: int) -> str:
    """Product name; that of a MIG slice ends in its size, such as ``MIG 1g.18gb``."""
    text = ctypes.create_string_buffer(256)
    call(lib, "cuDeviceGetName", text, ctypes.c_int(len(text)), handle_of(lib, index))
    return text.value.decode(errors="replace")


def bus_id(lib: Any, index: int) -> str:
    """PCI address: by it the management library is asked for the same GPU, whatever its number there is."""
    text = ctypes.create_string_buffer(32)
    call(lib, "cuDeviceGetPCIBusId", text, ctypes.c_int(len(text)), handle_of(lib, index))
    return text.value.decode(errors="replace")


def runtime(lib: Any) -> str:
    """The CUDA version the driver supports, such as ``CUDA 13.0``."""
    version = ctypes.c_int()
    call(lib, "cuDriverGetVersion", ctypes.byref(version))
    return f"CUDA {version.value // 1000}.{version.value % 1000 // 10}"


def load() -> Any:
    """The driver library, initialised; raises CudaError where there is none or it shows no GPU.

    GPUs are numbered by their slots, as nvidia-smi numbers them, unless the environment says otherwise.
    """
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    for name in LIBRARIES:
        try:
            lib = ctypes.CDLL(name)
        except OSError:
            continue
        code = lib.cuInit(0)
        if code != 0:
            raise CudaError(f"cuInit: {_error_name(lib, code)}")
        if n_devices(lib) == 0:
            raise CudaError("the CUDA driver shows no GPU to this process")
        return lib
    raise CudaError("no CUDA driver library here (libcuda)")


@contextmanager
def opened(index: int) -> Iterator[Device]:
    """A device for a while."""
    device = Device(load(), index)
    try:
        yield device
    finally:
        device.close()


def _error_name(lib: Any, code: int) -> str:
    text = ctypes.c_char_p()
    found = lib.cuGetErrorName(ctypes.c_int(code), ctypes.byref(text)) == 0 and text.value
    return found.decode() if found else f"error {code}"
