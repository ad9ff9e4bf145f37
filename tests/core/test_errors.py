"""Which errors are the file's own, and which another try may not meet."""

import pytest

from core.errors import DecoderError, EngineError, NotAskedError, RadiographError, ThoraxLensError, may_pass


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (DecoderError("Late."), True),
        (EngineError("A network fails."), True),
        (RadiographError("No radiograph."), False),
        (NotAskedError("Refused."), False),
    ],
)
def test_another_try_may_go_better_unless_the_file_is_at_fault(error: ThoraxLensError, passing: bool) -> None:
    assert may_pass(error) is passing
