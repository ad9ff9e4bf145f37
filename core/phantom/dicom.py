"""A phantom as a DICOM file that says of itself that it is synthetic, byte for byte the same every time."""

from __future__ import annotations

import io
import uuid

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from core.phantom.render import Phantom
from core.phantom.truth import SYNTHETIC

_LEVELS = 4095  # 12 bits stored


def dicom_file(phantom: Phantom, key: str, *, inverted: bool = False) -> bytes:
    """A phantom as a Digital X-Ray Image for presentation (DICOM PS3.3, A.26), 12 bits of 16.

    Args:
        phantom: What to write.
        key: All that fixes its pixels: the file's identifiers are made of it.
        inverted: Whether to store it as MONOCHROME1.
    """
    stored = np.round(phantom.pixels.astype(np.float64) * _LEVELS).astype("<u2")
    dataset = _description(phantom, key)
    dataset.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    dataset.PresentationLUTShape = "INVERSE" if inverted else "IDENTITY"
    dataset.PixelIntensityRelationshipSign = -1 if inverted else 1
    dataset.PixelData = (_LEVELS - stored if inverted else stored).astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = _uid("implementation", "1")
    dataset.file_meta.ImplementationVersionName = "THORAXLENS_1"
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def _description(phantom: Phantom, key: str) -> Dataset:
    """All but the pixels; no date, because the file must not depend on when it is written."""
    rows, columns = phantom.pixels.shape
    view = "AP" if phantom.spec.portable else "PA"
    values = {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["DERIVED", "PRIMARY"],
        "SOPClassUID": DigitalXRayImageStorageForPresentation,
        "SOPInstanceUID": _uid("instance", key),
        "StudyDate": "",
        "StudyTime": "",
        "ContentDate": "",
        "ContentTime": "",
        "AccessionNumber": "",
        "Modality": "DX",
        "PresentationIntentType": "FOR PRESENTATION",
        "Manufacturer": "ThoraxLens",
        "ReferringPhysicianName": "",
        "StudyDescription": "Synthetic chest radiograph",
        "SeriesDescription": f"Chest {view}, rendered phantom",
        "PatientName": f"PHANTOM^SEED {phantom.spec.seed}",
        "PatientID": f"PHANTOM-{phantom.spec.seed}",
        "PatientBirthDate": "",
        "PatientSex": "",
        "BodyPartExamined": "CHEST",
        "ViewPosition": view,
        "StudyInstanceUID": _uid("study", key),
        "SeriesInstanceUID": _uid("series", key),
        "StudyID": "",
        "SeriesNumber": "1",
        "InstanceNumber": "1",
        "PatientOrientation": ["L", "F"],
        "ImageLaterality": "U",
        "ImageComments": SYNTHETIC,
        "SyntheticData": "YES",
        "ImagerPixelSpacing": [round(phantom.spacing_mm, 4)] * 2,
        "SamplesPerPixel": 1,
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "BurnedInAnnotation": "NO",
        "PixelIntensityRelationship": "LOG",
        "WindowCenter": "2048",
        "WindowWidth": "4096",
        "RescaleIntercept": "0",
        "RescaleSlope": "1",
        "RescaleType": "US",
        "LossyImageCompression": "00",
    }
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def _uid(kind: str, key: str) -> UID:
    """A UID derived from a UUID (DICOM PS3.5, B.2) that is the same for the same recipe."""
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, f'thoraxlens/phantom/{kind}/{key}').int}")
