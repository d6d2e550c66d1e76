"""The client's end of the protocol of `ulna sim env` (crates/env/protocol.md): frames of MessagePack over a Unix socket."""

import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile

import msgpack

# The version of the protocol that is spoken here.
PROTOCOL = 1
# The longest reply, bytes.
LONGEST_REPLY = 256 << 20
# How long a reply may take, s. A step of many environments with large pictures takes a while in a debug build.
PATIENCE = 300.0
# How long a server may take to end once its client has, s.
ENDING = 10.0


class UlnaError(Exception):
    """The server cannot be started or reached, or something in it failed."""


class RefusedError(UlnaError, ValueError):
    """What was asked for is wrong, and nothing has changed."""


def found(program):
    """The program `ulna`: this one, that of the environment variable ULNA, or the one on the PATH."""
    program = program or os.environ.get("ULNA") or shutil.which("ulna")
    if not program:
        raise UlnaError("`ulna` is not on the PATH: set ULNA to the program, or pass ulna=PATH")
    return program


def describe(arguments, program=None):
    """What environments with these arguments are, without any of them."""
    words = [found(program), "sim", "env", *arguments, "--describe"]
    try:
        answer = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    except OSError as error:
        raise UlnaError(f"cannot start {words[0]}: {error}") from error
    if answer.returncode != 0:
        raise RefusedError(answer.stderr.strip().removeprefix("error: "))
    return json.loads(answer.stdout)


class Connection:
    """A server with its environments, and what it says of them in `hello`."""

    def __init__(self, arguments, program=None, address=None):
        """Starts a server with these arguments, or connects to the one at `address`."""
        self._process = self._said = None
        self._socket = self._start(arguments, program) if address is None else self._reach(address)
        self._socket.settimeout(PATIENCE)
        try:
            self.hello = self._receive()["hello"]
            if self.hello["protocol"] != PROTOCOL:
                raise UlnaError(
                    f"the server speaks version {self.hello['protocol']} of the protocol, this package version {PROTOCOL}: "
                    "install the package from the sources of that ulna"
                )
        except BaseException:
            self.close()
            raise

    def _start(self, arguments, program):
        program = found(program)
        ours, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()
        try:
            # The server ends when this end of its standard input does, however that comes about; Ctrl-C is for this program alone.
            self._process = subprocess.Popen(
                [program, "sim", "env", *arguments, "--on-stdin"],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            self._said.close()
            raise UlnaError(f"cannot start {program}: {error}") from error
        finally:
            theirs.close()
        return ours

    def _reach(self, address):
        reached = socket.socket(socket.AF_UNIX)
        try:
            reached.connect(os.fspath(address))
        except OSError as error:
            reached.close()
            raise UlnaError(f"no server at {address}: {error}; `ulna sim env --scene NAME` starts one") from error
        return reached

    def ask(self, request):
        """Sends a request and returns what the reply has: `observed` or `pictures`."""
        if self._socket is None:
            raise UlnaError("the environment is closed")
        content = msgpack.packb(request)
        if len(content) > self.hello["longest_request"]:
            raise RefusedError(f"a request of {len(content)} bytes, and {self.hello['longest_request']} are the most")
        try:
            reply = self._exchange(content)
        except UlnaError:
            raise
        except BaseException:
            # Ctrl-C in the middle of a reply: what comes next would be taken for another's.
            self.close()
            raise
        if isinstance(reply, dict):
            (value,) = reply.values()
            return value
        return reply

    def _exchange(self, content):
        try:
            self._socket.sendall(struct.pack(">I", len(content)) + content)
        except OSError:
            pass  # The reason may have been said before.
        return self._receive()

    def _receive(self):
        try:
            (length,) = struct.unpack(">I", self._read(4))
            if length > LONGEST_REPLY:
                raise UlnaError(f"a reply of {length} bytes is none of ulna's")
            reply = msgpack.unpackb(self._read(length))
        except OSError as error:
            self._broken(str(error) or "no reply")
        error = reply.get("error") if isinstance(reply, dict) else None
        if error:
            kind = RefusedError if error["kind"] == "request" else UlnaError
            raise kind(error["message"])
        return reply

    def _read(self, length):
        content = bytearray(length)
        view = memoryview(content)
        while view:
            count = self._socket.recv_into(view)
            if count == 0:
                self._broken("it has ended")
            view = view[count:]
        return content

    def _broken(self, why):
        """Nothing more comes from the server: says why, in its own words if it had some."""
        said, code = "", None
        if self._process is not None:
            self._end()
            code = self._process.returncode
            self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - 4000))
            said = self._said.read().decode(errors="replace").strip()
        self.close()
        said = said.removeprefix("error: ")
        if code == 2 and said:
            raise RefusedError(said)
        raise UlnaError(said or f"the server is gone: {why}")

    def _end(self):
        """The server notices that its client has gone; one that does not is ended."""
        self._socket.close()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self):
        """Ends the connection, and the server if it was started here. A second time does nothing."""
        if self._socket is None:
            return
        if self._process is not None:
            self._end()
            self._said.close()
        self._socket.close()
        self._socket = None
