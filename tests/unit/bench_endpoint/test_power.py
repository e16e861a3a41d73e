"""Energy of the server's GPUs: which they are, over any window, or why it was not measured."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from tco.bench.endpoint import power
from tco.bench.endpoint.power import REMOTE, Meter
from tco.describe.profile import NotMeasured
from tco.errors import UsageError


def test_energy_of_a_remote_server_is_not_measured():
    with Meter(is_local=False) as meter:
        assert meter.energy(0.0, 10.0).joules == NotMeasured(not_measured=REMOTE)


def test_energy_between_two_instants(monkeypatch):
    # Two GPUs of 100 W and 50 W by their counters, which start elsewhere: 150 W over any window.
    monkeypatch.setattr(power, "EVERY_S", 0.02)
    began_s = time.perf_counter()

    def of(watts, offset_j):
        return (lambda: offset_j + watts * (time.perf_counter() - began_s)), (lambda: watts)

    with Meter(is_local=True, readers=[of(100.0, 5.0), of(50.0, 1e6)]) as meter:
        time.sleep(2.3)
    found = meter.energy(began_s + 0.1, began_s + 2.2)
    assert not isinstance(found.joules, NotMeasured)
    assert found.joules == pytest.approx(150.0 * 2.1, rel=0.02)
    assert found.flags == ()
    assert isinstance(meter.energy(began_s, began_s + 0.5).joules, NotMeasured)  # too short a window


def test_energy_that_one_gpu_cannot_tell_is_not_measured():
    absent = NotMeasured(not_measured="not supported")
    with Meter(is_local=True, readers=[(lambda: absent, lambda: absent)]) as meter:
        pass
    found = meter.energy(0.0, 3.0).joules
    assert isinstance(found, NotMeasured)
    assert "not supported" in found.not_measured


class Driver:
    """Three GPUs of 10, 20 and 30 W, in place of the driver's library."""

    n_gpus = 3

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def gpu(self, index):
        return SimpleNamespace(energy_j=lambda: NotMeasured(not_measured="none"), power_w=lambda: 10.0 * (index + 1))


@pytest.mark.parametrize(("gpus", "n_gpus", "power_w"), [((0, 2), 2, 40.0), ((1,), 1, 20.0), ((), 3, 60.0)])
def test_energy_is_of_the_gpus_that_are_the_servers(monkeypatch, gpus, n_gpus, power_w):
    monkeypatch.setattr(power, "Nvml", Driver)
    monkeypatch.setattr(power, "EVERY_S", 0.02)
    began_s = time.perf_counter()
    with Meter(is_local=True, n_gpus=n_gpus, gpus=gpus) as meter:
        time.sleep(2.2)
    found = meter.energy(began_s, began_s + 2.1).mean_w
    assert not isinstance(found, NotMeasured)
    assert found == pytest.approx(power_w, rel=0.05)


def test_energy_of_a_machine_with_other_gpus_needs_their_numbers(monkeypatch):
    monkeypatch.setattr(power, "Nvml", Driver)
    with Meter(is_local=True, n_gpus=1) as meter:
        found = meter.energy(0.0, 3.0).joules
    assert isinstance(found, NotMeasured)
    assert found.not_measured == "this machine has 3 GPUs, the server 1 (--n-gpus); --gpu says which"
    with pytest.raises(UsageError, match="--gpu: got 3; this machine has 3 GPUs, from 0"):
        Meter(is_local=True, gpus=(3,)).__enter__()
