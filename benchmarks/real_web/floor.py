"""The floor: what fetching and decompressing the same pages costs, with libcurl and the decoders and nothing else.

python floor.py urls.txt ca.pem

It knows all URLs beforehand. Each of 64 transfers fetches the pages of one host after the other, on one connection. It
reads, decides and writes nothing.
"""

import io
import sys
import zlib
from collections import deque

import brotli
import pycurl
from isal import isal_zlib

URLS, CA = sys.argv[1:]
SLOTS = 64


def decoded(body, encoding):
    if encoding == "br":
        return brotli.decompress(body)
    if encoding == "gzip":
        return isal_zlib.decompress(body, zlib.MAX_WBITS | 16)
    return body


class Transfer:
    def __init__(self):
        self.curl = curl = pycurl.Curl()
        curl.setopt(pycurl.CAINFO, CA)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        curl.setopt(pycurl.HTTPHEADER, ["Accept-Encoding: gzip, br"])
        curl.setopt(pycurl.HEADERFUNCTION, self.header)
        curl.transfer = self

    def begin(self, url):
        self.body, self.encoding = io.BytesIO(), ""
        self.curl.setopt(pycurl.URL, url)
        self.curl.setopt(pycurl.WRITEDATA, self.body)

    def header(self, line):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-encoding":
            self.encoding = value.strip().decode()


def main():
    hosts = {}
    with open(URLS) as listed:  # noqa: PTH123 (as plain as it can be)
        for url in listed.read().split():
            hosts.setdefault(url.split("/", 3)[2], deque()).append(url)
    waiting, size, multi = deque(hosts.values()), 0, pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, 2 * SLOTS)
    free, running = [Transfer() for _ in range(SLOTS)], 0
    while waiting or running:
        while waiting and free:
            transfer = free.pop()
            transfer.host = waiting.popleft()
            transfer.begin(transfer.host.popleft())
            multi.add_handle(transfer.curl)
            running += 1
        multi.select(1.0)
        while multi.perform()[0] == pycurl.E_CALL_MULTI_PERFORM:
            pass
        _, done, failed = multi.info_read()
        for curl in [*done, *(one[0] for one in failed)]:
            transfer = curl.transfer
            size += len(decoded(transfer.body.getvalue(), transfer.encoding))
            multi.remove_handle(curl)
            if transfer.host:
                transfer.begin(transfer.host.popleft())
                multi.add_handle(curl)
            else:
                free.append(transfer)
                running -= 1


main()
