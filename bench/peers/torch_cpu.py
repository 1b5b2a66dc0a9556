"""PyTorch on the CPU: python3 torch_cpu.py JOB_FOLDER. Files as job.ts, lines as serve.mjs say."""
import json
import resource
import sys
import time
from pathlib import Path


def say(**message):
    print(json.dumps(message), flush=True)


try:
    import numpy as np
    import torch
except ImportError as error:
    say(absent=f"python3 has no {error.name}")
    sys.exit(0)

# Adam's moments sink to numbers that a CPU is slow with; the other sides do without them, too.
torch.set_flush_denormal(True)
folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
users, items, batch, k = job["users"], job["items"], job["batch"], job["k"]
# torch indexes by int64
indptr = np.fromfile(folder / "indptr.u32", np.uint32).astype(np.int64)
indices = np.fromfile(folder / "indices.u32", np.uint32).astype(np.int64)
orders = np.fromfile(folder / "orders.u32", np.uint32).astype(np.int64).reshape(-1, users)
numbers = np.fromfile(folder / "weights.f32", np.float32)

sizes = [items, *job["hidden"], items]
layers = []
at = 0
for inputs, outputs in zip(sizes, sizes[1:]):
    weight = torch.tensor(numbers[at : at + inputs * outputs].reshape(inputs, outputs), requires_grad=True)
    at += inputs * outputs
    bias = torch.tensor(numbers[at : at + outputs], requires_grad=True)
    at += outputs
    layers.append((weight, bias))
optimizer = torch.optim.Adam(
    [parameter for layer in layers for parameter in layer],
    job["learningRate"],
    (job["beta1"], job["beta2"]),
    job["epsilon"],
)


def bag(chosen):
    """The histories one after the other, where each begins, and the row of each entry: no dense rows are made."""
    lengths = indptr[chosen + 1] - indptr[chosen]
    flat = np.concatenate([indices[indptr[u] : indptr[u + 1]] for u in chosen])
    starts = np.cumsum(lengths) - lengths
    rows = np.repeat(np.arange(len(chosen)), lengths)
    return [torch.from_numpy(array) for array in (flat, starts, rows, lengths.astype(np.float32))]


def logits_of(flat, starts):
    (weight, bias), *rest = layers
    h = torch.nn.functional.embedding_bag(flat, weight, starts, mode="sum") + bias
    for weight, bias in rest:
        h = torch.addmm(bias, torch.relu(h), weight)
    return h


def epoch(number):
    losses = []
    for first in range(0, users, batch):
        flat, starts, rows, lengths = bag(orders[number, first : first + batch])
        optimizer.zero_grad(set_to_none=True)
        logits = logits_of(flat, starts)
        loss = ((torch.logsumexp(logits, 1) * lengths).sum() - logits[rows, flat].sum()) / len(lengths)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


@torch.no_grad()
def lists():
    found = np.empty((users, k), np.int64)
    for first in range(0, users, 512):
        chosen = np.arange(first, min(first + 512, users))
        flat, starts, rows, _ = bag(chosen)
        logits = logits_of(flat, starts)
        logits[rows, flat] = -torch.inf
        found[chosen] = torch.topk(logits, k, 1).indices.numpy()
    return found.reshape(-1).tolist()


say(version=torch.__version__, adapter=f"CPU, {torch.get_num_threads()} threads")
epochs = 0
for line in sys.stdin:
    question = line.strip()
    if question == "end":
        break
    started, cpu = time.perf_counter(), time.process_time()
    answer = {"loss": epoch(epochs)} if question == "epoch" else {"items": lists()}
    ms, cpu_ms = 1000 * (time.perf_counter() - started), 1000 * (time.process_time() - cpu)
    epochs += question == "epoch"
    say(**answer, ms=ms, cpuMs=cpu_ms)
say(peakBytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
