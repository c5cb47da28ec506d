"""Takes a TFLite model's graph apart: the same model with other outputs."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import ModelError


def cut(content: bytes, ends: Sequence[str] = (), without: str = "") -> bytes:
    """The TFLite model in `content` with other outputs: the tensors called `ends`, or, `without` a custom operation,
    what went into it. Operations that nothing needs any more are left out. Raises ModelError."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    if without:
        codes = [i for i, c in enumerate(model.operatorCodes) if c.customCode == without.encode()]
        gone = [op for op in graph.operators if op.opcodeIndex in codes]
        if len(gone) != 1:
            raise ModelError(f"the model has {len(gone)} operations {without}, expected one")
        made = set(gone[0].outputs)
        graph.outputs = list(dict.fromkeys([*gone[0].inputs, *(o for o in graph.outputs if o not in made)]))
    else:
        named = {tensor.name.decode(): index for index, tensor in enumerate(graph.tensors)}
        missing = [end for end in ends if end not in named]
        if missing:
            raise ModelError(f"the model has no tensor '{missing[0]}'")
        graph.outputs = [named[end] for end in ends]
    needed = set(graph.outputs)
    kept = []
    for op in reversed(graph.operators):
        if needed.intersection(op.outputs):
            kept.append(op)
            needed.update(op.inputs)
    graph.operators = kept[::-1]
    model.signatureDefs = []
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
