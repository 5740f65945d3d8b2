"""Serves a tiny random model by llama.cpp's own server, until it is ended: it knows nothing, and speaks the protocol.

Runs with a Python that has the PyPI packages `xllamacpp` (llama.cpp with its server) and `gguf`.

    python llama.py MODEL.gguf [PORT]

writes the model (0.4 MB: llama's architecture, one layer, a token for each byte), and says where it listens.
"""

import signal
import sys

import gguf
import numpy as np
import xllamacpp

WIDTH, HEADS, INNER, CONTEXT = 64, 4, 128, 8192
SEED = 7
# Short strings, and seldom none at all: else it would mostly say nothing within the tokens that it is given.
LEANINGS = {'"': 6.7, "{": 5.0, "]": -11.7}
TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


def write(path):
    """A model with random weights, the same each time."""
    random = np.random.default_rng(SEED)

    def matrix(rows, columns):
        return (random.standard_normal((rows, columns)) * 0.2).astype(np.float32)

    def still(rows, columns):
        """One that leaves the first of the numbers that go through the layer as it is."""
        weights = matrix(rows, columns)
        weights[0] = 0
        return weights

    printable = [bytes([c]) if c != 32 else "\u2581".encode() for c in range(32, 128)]
    tokens = [b"<unk>", b"<s>", b"</s>"] + [b"<0x%02X>" % byte for byte in range(256)] + printable
    kinds = [gguf.TokenType.UNKNOWN] + [gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.BYTE] * 256
    kinds += [gguf.TokenType.NORMAL] * len(printable)

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 259 + [-float(place) for place in range(len(printable))])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)

    one = np.ones(WIDTH, dtype=np.float32)
    words, answers = matrix(len(tokens), WIDTH), matrix(len(tokens), WIDTH)
    # The first number is the same for every token, and what an answer weighs it by is a leaning.
    words[:, 0], answers[:, 0] = 1, 0
    for character, leaning in LEANINGS.items():
        # As itself, and as a byte.
        answers[[259 + ord(character) - 32, 3 + ord(character)], 0] = leaning
    writer.add_tensor("token_embd.weight", words)
    writer.add_tensor("output_norm.weight", one)
    writer.add_tensor("output.weight", answers)
    for norm in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{norm}.weight", one)
    for part in ("attn_q", "attn_k", "attn_v"):
        writer.add_tensor(f"blk.0.{part}.weight", matrix(WIDTH, WIDTH))
    writer.add_tensor("blk.0.attn_output.weight", still(WIDTH, WIDTH))
    writer.add_tensor("blk.0.ffn_gate.weight", matrix(INNER, WIDTH))
    writer.add_tensor("blk.0.ffn_up.weight", matrix(INNER, WIDTH))
    writer.add_tensor("blk.0.ffn_down.weight", still(WIDTH, INNER))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    path, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    write(path)
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.fit_params = False
    params.warmup = False
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.sampling.seed = SEED
    server = xllamacpp.Server(params)
    print(f"ready {server.listening_address}", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


main()
