package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// general returns an instruction of arm64, in the words of Go's assembler, that is not
// one of NEON: the last operand is written, except by a comparison.
func general(name string, operands ...operand.Op) *ir.Instruction {
	i := &ir.Instruction{Opcode: name, Operands: operands, Inputs: operands}
	if name != "CMP" {
		last := len(operands) - 1
		i.Inputs, i.Outputs = operands[:last], operands[last:]
	}
	return i
}

// jumps has the conditions of arm64, whose flags say the same of a difference.
var jumps = map[string]string{
	"JMP": "JMP", "JE": "BEQ", "JEQ": "BEQ", "JZ": "BEQ", "JNE": "BNE", "JNZ": "BNE",
	"JLT": "BLT", "JL": "BLT", "JLE": "BLE", "JGT": "BGT", "JG": "BGT", "JGE": "BGE", "JS": "BMI",
}

// general lowers what computes addresses, counts and jumps.
func (l *lowering) general(i *ir.Instruction) error {
	o := i.Operands
	if name, ok := jumps[i.Opcode]; ok {
		l.add(&ir.Instruction{Opcode: name, Operands: o, IsBranch: true, IsConditional: i.IsConditional})
		return nil
	}
	switch i.Opcode {
	case "RET":
		l.add(&ir.Instruction{Opcode: "RET", IsTerminal: true})
	case "MOVQ":
		if m, ok := o[0].(operand.Mem); ok {
			o = []operand.Op{l.word(m), o[1]}
		} else if m, ok := o[1].(operand.Mem); ok {
			o = []operand.Op{o[0], l.word(m)}
		}
		l.add(general("MOVD", o...))
	case "MOVB":
		l.add(general("MOVBU", o...))
	case "MOVLQSX":
		l.add(general("MOVW", l.word(o[0].(operand.Mem)), o[1]))
	case "LEAQ":
		l.lea(o[0].(operand.Mem), o[1])
	case "XORQ":
		if o[0] != o[1] {
			return fmt.Errorf("%s of two registers", i.Opcode)
		}
		l.add(general("MOVD", operand.U8(0), o[1]))
	case "ADDQ", "SUBQ":
		return l.sum(map[string]string{"ADDQ": "ADDS", "SUBQ": "SUBS"}[i.Opcode], o[0], o[1])
	case "INCQ":
		return l.sum("ADDS", operand.U8(1), o[0])
	case "DECQ":
		return l.sum("SUBS", operand.U8(1), o[0])
	case "CMPQ", "CMPB":
		a, b := l.inRegister(o[0]), l.inRegister(o[1])
		l.add(general("CMP", b, a))
	case "TESTQ":
		if o[0] != o[1] {
			return fmt.Errorf("%s of two registers", i.Opcode)
		}
		l.add(general("CMP", operand.U8(0), o[0]))
	case "SHLQ":
		l.add(general("LSL", o[0], o[1], o[1]))
	case "SHRQ":
		l.add(general("LSR", o[0], o[1], o[1]))
	case "IMUL3Q":
		factor := l.GP64()
		l.add(general("MOVD", o[0], factor))
		l.add(general("MUL", factor, o[1], o[2]))
	default:
		return fmt.Errorf("%s has no counterpart", i.Opcode)
	}
	return nil
}

// sum adds x to, or takes it from, a register or memory.
func (l *lowering) sum(name string, x, to operand.Op) error {
	x = l.inRegister(x)
	m, ok := to.(operand.Mem)
	if !ok {
		l.add(general(name, x, to, to))
		return nil
	}
	m = l.word(m)
	r := l.GP64()
	l.add(general("MOVD", m, r))
	l.add(general(name, x, r, r))
	l.add(general("MOVD", r, m))
	return nil
}

// inRegister returns o or, if it is in memory, a register with it.
func (l *lowering) inRegister(o operand.Op) operand.Op {
	m, ok := o.(operand.Mem)
	if !ok {
		return o
	}
	r := l.GP64()
	l.add(general("MOVD", l.word(m), r))
	return r
}

// word returns the address of a number for a general register.
func (l *lowering) word(m operand.Mem) operand.Mem {
	if m.Base == reg.FramePointer || m.Index == nil {
		return m
	}
	return l.base(m)
}
