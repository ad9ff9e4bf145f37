"""The errors a user can meet, in one tree.

    ThoraxLensError
    ├── RadiographError       the uploaded file cannot be read as a chest radiograph
    │   ├── SeveralFramesError   it holds several, and nobody said which one is meant
    │   ├── DecoderError      its decoder took too long, too much memory, or did not start
    │   └── NotAskedError     the gate takes it for something that the networks cannot be asked about
    ├── MarksError            what was drawn on a radiograph cannot be read
    ├── BundleError           a bundle is damaged, incomplete or of another format
    │   └── SelfTestError     its files are whole, but it answers otherwise than when it was built
    ├── EngineError           the inference engine could not be prepared or run
    ├── WeightsError          weights could not be downloaded, or are not what they claim to be
    ├── DataError             a data folder, manifest or table cannot be used for training
    ├── LessonError           a file is no lesson
    ├── BatchError            many files cannot be analysed: none to read, or nowhere to write
    └── ProcessLostError      a process that worked beside this one was ended

Every message says in one sentence what is wrong with the user's thing and what to do next.
Pages catch `ThoraxLensError` only; anything else is a bug and surfaces as one.
"""


class ThoraxLensError(Exception):
    """Base of every error that ThoraxLens raises on purpose."""


class RadiographError(ThoraxLensError):
    """The uploaded file cannot be read as a chest radiograph."""


class SeveralFramesError(RadiographError):
    """The file holds several pictures, and nobody said which one is meant.

    Attributes:
        frames: How many.
    """

    def __init__(self, frames: int) -> None:
        super().__init__(f"The file holds {frames} pictures; choose the one to read.")
        self.frames = frames


class DecoderError(RadiographError):
    """A file's decoder took too long, too much memory, or did not start; on another day it may."""


class NotAskedError(RadiographError):
    """The gate takes the picture for something that the networks cannot be asked about."""


class MarksError(ThoraxLensError):
    """What was drawn on a radiograph cannot be read."""


class BundleError(ThoraxLensError):
    """A bundle is damaged, incomplete or of another format."""


class SelfTestError(BundleError):
    """A bundle's files are whole, but its answers differ from those recorded when it was built."""


class EngineError(ThoraxLensError):
    """The inference engine could not be prepared or run."""


class WeightsError(ThoraxLensError):
    """Weights could not be downloaded, or are not what they claim to be."""


class DataError(ThoraxLensError):
    """A data folder, manifest or table cannot be used for training."""


class LessonError(ThoraxLensError):
    """A file in a folder of lessons is no lesson."""


class BatchError(ThoraxLensError):
    """Many files cannot be analysed: there are none to read, or nowhere to write what is said of them."""


class ProcessLostError(ThoraxLensError):
    """A process that worked beside this one was ended from outside."""


def may_pass(error: ThoraxLensError) -> bool:
    """Whether another try may go better: nothing is wrong with the file itself."""
    return isinstance(error, DecoderError) or not isinstance(error, RadiographError)
