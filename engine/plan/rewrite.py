"""Changes of a program that save passes over memory and not one bit of the results."""

from __future__ import annotations

from nnkit.kernels.cpu import instructions as codes
from nnkit.kernels.cpu.instructions import Instruction
from nnkit.plan.memory import Memory
from nnkit.plan.program import PlanProgram


def pool_before_relu(program: PlanProgram) -> None:
    """Take the maximum of each window before the ReLU instead of after it, which leaves the ReLU a part of the work.

    The greatest of some numbers is the same with their negatives at 0 or not, unless none is positive; then the ReLU
    makes the maximum 0, and its gradient too. Windows that see padding alone are an exception and stay.
    """
    for relu in [each for each in program.instructions if each.opcode == codes.RELU]:
        _exchange(program, relu)


def _exchange(program: PlanProgram, relu: Instruction) -> None:
    pool = _only_reader(program, relu, codes.MAX_POOL, codes.RELU_GRADIENT)
    if pool is None or pool.top_padding or pool.left_padding or pool.vertical_dilation + pool.horizontal_dilation > 2:
        return
    slope = _reader(program, relu, codes.RELU_GRADIENT)
    if slope is not None:
        spread = _writer(program, slope.input)
        if spread is None or spread.opcode != codes.MAX_POOL_GRADIENT or len(_readers(program, spread)) != 1:
            return
        _exchange_gradients(program, pool, slope, spread)
    pooled = program.operands[pool.result][0]
    at = program.instructions.index(pool)
    length = pooled.size // program.distance
    program.instructions[at : at + 1] = [
        pool._replace(input=relu.input),
        relu._replace(input=pool.result, result=pool.result, length=length),
    ]
    program.instructions.remove(relu)


def _exchange_gradients(program: PlanProgram, pool: Instruction, slope: Instruction, spread: Instruction) -> None:
    pooled = program.operands[pool.result][0]
    kept = program.operand_in(Memory(pooled.size, of_images=True))
    at = program.instructions.index(spread)
    length = pooled.size // program.distance
    program.instructions[at : at + 1] = [
        slope._replace(input=spread.input, other=pool.result, result=kept, length=length),
        spread._replace(input=kept, result=slope.result),
    ]
    program.instructions.remove(slope)


def _readers(program: PlanProgram, writer: Instruction) -> list[Instruction]:
    """Return the instructions that read what an instruction writes."""
    memory = program.operands[writer.result][0].final()
    return [each for each in program.instructions if any(_memory(program, n) is memory for n in _read_by(each))]


def _memory(program: PlanProgram, number: int) -> Memory:
    return program.operands[number][0].final()


def _read_by(instruction: Instruction) -> tuple[int, ...]:
    return tuple(number for number in (instruction.input, instruction.other, instruction.bias) if number)


def _reader(program: PlanProgram, writer: Instruction, opcode: int) -> Instruction | None:
    return next((each for each in _readers(program, writer) if each.opcode == opcode), None)


def _only_reader(program: PlanProgram, writer: Instruction, opcode: int, also: int) -> Instruction | None:
    """Return the instruction of a kind that reads a result, if only one of another kind reads it beside it."""
    readers = _readers(program, writer)
    wanted = [each for each in readers if each.opcode == opcode]
    others = [each for each in readers if each.opcode != opcode]
    if len(wanted) != 1 or len(others) > 1 or any(each.opcode != also for each in others):
        return None
    # Nobody may look at it from outside, or at another part of it.
    memory = program.operands[writer.result][0].final()
    parts = [each for each, _ in program.operands if each.final() is memory]
    return wanted[0] if memory.array is None and len(parts) == 1 else None


def _writer(program: PlanProgram, number: int) -> Instruction | None:
    memory = _memory(program, number)
    return next((each for each in program.instructions if _memory(program, each.result) is memory), None)


def skip_unread_rows(program: PlanProgram) -> None:
    """Leave out the first rows of a product that nothing reads, as the gradient of what needs none."""
    for at, product in enumerate(program.instructions):
        if product.opcode != codes.MULTIPLY or product.bias:
            continue
        memory, offset = program.operands[product.result]
        if memory.final() is not memory or memory.array is not None or offset:
            continue
        # Operands are named only where something reads or writes them.
        read = [begin for each, begin in program.operands if each is memory and begin]
        if not read or _readers_at(program, product.result):
            continue
        rows = min(read) // program.distance
        program.instructions[at] = product._replace(
            result=program.operand_in(memory, rows * program.distance),
            out_channels=product.out_channels - rows,
            weight_start=product.weight_start + rows * product.weight_output_channel,
        )


def _readers_at(program: PlanProgram, number: int) -> list[Instruction]:
    return [each for each in program.instructions if number in _read_by(each)]
