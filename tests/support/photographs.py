"""Photographs for tests: files that people could send, and such as have been made ready."""

import base64
import io
import zlib
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.extensions import settings
from dofc_events.memory.photographs.models import Photograph, Rendition
from dofc_events.memory.photographs.rules import PhotographState
from tests.support.factories import NOW

SHOWN = {"caption": "The opening", "alternative": "People in a hall", "people_agreed": True, "published_at": NOW}

# 64 x 48 pixels, red on the left and blue on the right, as pillow-heif 1.8 wrote them, with a maker's name. What the
# site uses reads this format and does not write it.
HEIC = zlib.decompress(
    base64.b85decode(
        "c-muNV30{GsVvAy%}izhg51nBLl8SRGck>Uf$>CcYDppk1Sn>t<P<^K3<a6VB@Af5Br_);Y>0~k0}}%yh{gB@LIZ(6Pz(r|tl=Uy"
        "Kx~njnU@CUfn-I2oK&zfpqh-bWJ3ldK}L`g*NRNAa=wDhl3WI;N=Ej~f}#Q-`&ni|az2nQ1L}2VWCjUM04tLF!0_kqj~@&S{LBeJ"
        "9TE<VJdFSUgA_1>R4{{(+%6`EM4+UW6C)#<%mRf*)@iSvEZez*Bf~%eD8vjR7!;F$%Gq2P4;CNj1X?1ToS##amz+}p6y;@LYXAy~"
        "WEK~sLcQw%#Tv;ui3LzLC@2h|G&m6c|Ns918W;ivnH8BJL1qpP4j{#uS(IM_bPt1MW<f42QWzN+*&3OcSzFqG9I4Er)HJ9BUvf%u"
        "GB_GQW>3ydNd(20w+7>S;fAm3jrRW^EOr0C>smz}Kd+(ve=ZB<Us9$2AD=s($1K%+`nYt69Q(Z!zjapL>(H3|Yp>zYNOt#QKR&wW"
        "zWSTJ)_$gj&gY47K;zgT(c$aMpatY{FfcLlgPqO;#A=K}pwI(_5X42nuFgTOA-;~@u0ad{oNs?I"
    )
)


def noisy(width: int, height: int) -> Image.Image:
    """A picture that is hard to make small: noise on a soft ground."""
    grey = Image.effect_noise((width // 3, height // 3), 40).resize((width, height))
    return Image.merge("RGB", (grey, grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT), grey))


def packed(picture: Image.Image, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def red(width: int = 40, height: int = 30) -> bytes:
    """A JPEG that is red all over."""
    return packed(Image.new("RGB", (width, height), (220, 30, 20)), "JPEG")


def make_photograph(session: Session, edition: Edition, **changes: Any) -> Photograph:
    """A photograph of an edition that is ready, in two sizes; its files are there. Each has another colour."""
    number = session.query(Photograph).count()
    values = {"edition_id": edition.id, "name": f"IMG_{number}.jpg", "size": 8, "added_at": NOW, "position": number + 1}
    photograph = Photograph(**(values | {"state": PhotographState.READY, "source_hash": f"{number:064}"} | changes))
    for form, kind in (("avif", "AVIF"), ("jpeg", "JPEG")):
        for width in (12, 24):
            content = packed(Image.new("RGB", (width, width * 2 // 3), (number * 9 % 256, 90, 40)), kind)
            files.store(settings().shared, content, NOW)
            made = {"width": width, "height": width * 2 // 3, "size": len(content), "format": form}
            photograph.renditions.append(Rendition(content_hash=files.hash_of(content), **made))
    session.add(photograph)
    session.flush()
    return photograph
