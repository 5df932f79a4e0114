# Packs and unpacks archives of every kind.
# says: ['a.txt'] ['a.txt'] True
# files: out.tar.gz, out.zip
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

with zipfile.ZipFile("artifacts/out.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("a.txt", "x" * 10_000)
with tarfile.open("artifacts/out.tar.gz", "w:gz") as archive:
    about = tarfile.TarInfo("a.txt")
    about.size = 5
    archive.addfile(about, io.BytesIO(b"hello"))
with zipfile.ZipFile("artifacts/out.zip") as one, tarfile.open("artifacts/out.tar.gz") as two:
    names = (one.namelist(), two.getnames())
same = all(
    kind.decompress(kind.compress(b"x" * 1000)) == b"x" * 1000 for kind in (bz2, gzip, lzma, zlib)
)
print(*names, same)
