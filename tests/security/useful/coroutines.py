# Runs coroutines: tasks, time-outs, subprocesses, a server and its clients on its own loopback.
# says: [0, 1, 2] late b'pong' b'out\n'
# only: bubblewrap
import asyncio


async def answer(reader, writer):
    await reader.read(4)
    writer.write(b"pong")
    writer.close()


async def main():
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(asyncio.sleep(0.01, number)) for number in range(3)]
    try:
        await asyncio.wait_for(asyncio.sleep(9), 0.01)
    except TimeoutError:
        late = "late"
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"ping")
    told = await reader.read(4)
    writer.close()
    server.close()
    child = await asyncio.create_subprocess_exec("echo", "out", stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    print([task.result() for task in tasks], late, told, out)


asyncio.run(main())
