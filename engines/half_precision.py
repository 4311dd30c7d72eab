"""Turns the network's ONNX file into one that computes its convolutions in float16.

For libraries that take a network's number formats as they are written: TensorRT (strongly typed), TensorRT for RTX,
and ONNX Runtime's providers.  Inputs and result stay float32, and so does what a picture's whole style hangs on: the
mapping of style and controls to the convolutions' scales.  Demodulation was folded into the weights at export, in
float32; coordinates never enter the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engines.errors import BackendError
from engines.network import INPUTS

if TYPE_CHECKING:
    import onnx

#: The input from which on everything is computed in float16.
_START = INPUTS[0]
#: Inputs that must stay float32, by operator: a Resize takes its scales so.
_FIRST_ONLY = frozenset({"Resize"})


def in_half(content: bytes, name: str) -> bytes:
    """Return an ONNX file whose convolutions compute in float16.

    Args:
        content: the ONNX file.
        name: of the file, for messages.

    Raises:
        BackendError: package onnx is missing, or the file is damaged.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise BackendError(
            f"package onnx cannot be imported ({error}); f16 needs it: pip install onnx, or run in f32"
        ) from error
    try:
        model = onnx.load_model_from_string(content)
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise BackendError(
            f"{name}: no ONNX file, or a damaged one ({error!s:.120}); fetch the weights again"
        ) from error
    _convert(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _convert(graph: onnx.GraphProto) -> None:
    """Let a graph's convolutions compute in float16, in place."""
    from onnx import TensorProto, helper, numpy_helper

    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = node.attribute[0].t
    half = {_START: f"{_START}_f16"}  # name of a tensor -> name of its float16 twin
    nodes = [helper.make_node("Cast", [_START], [half[_START]], to=TensorProto.FLOAT16)]
    inside: set[str] = set()  # tensors that are float16 under their own name
    for node in graph.node:
        if not any(name in inside or name == _START for name in node.input):
            nodes.append(node)
            continue
        if node.op_type == "Cast":  # the network's own way back to float32
            nodes.append(node)
            continue
        wanted = node.input[:1] if node.op_type in _FIRST_ONLY else node.input
        for position, name in enumerate(wanted):
            if not name or name in inside:
                continue
            if name not in half:
                half[name] = f"{name}_f16"
                constant = constants.get(name)
                if constant is None:
                    nodes.append(helper.make_node("Cast", [name], [half[name]], to=TensorProto.FLOAT16))
                elif constant.data_type == TensorProto.FLOAT:
                    values = numpy_helper.to_array(constant).astype(np.float16)
                    graph.initializer.append(numpy_helper.from_array(values, half[name]))
                else:
                    half[name] = name  # whole numbers: axes, sizes
            node.input[position] = half[name]
        inside.update(node.output)
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in graph.node for name in node.input}
    for node in [node for node in graph.node if node.op_type == "Constant" and node.output[0] not in used]:
        graph.node.remove(node)
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
