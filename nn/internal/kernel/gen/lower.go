package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lowering makes a function of arm64 of one in the instructions of amd64, with AVX on
// registers of 128 bits, and of NEON. NEON has each instruction of that kind that the
// generator uses, or two or three that do the same with the same roundings.
//
// A fused multiply-add has to leave its result in the addend, as FMLA does.
type lowering struct {
	*build.Context
	nodes []ir.Node
	table reg.Register   // of constants
	place map[string]int // of each constant in the table
}

// tableName is that of the table of all constants of a file.
const tableName = "constants"

func (l *lowering) function(f *ir.Function) error {
	l.nodes, l.table = nil, nil
	for _, n := range f.Nodes {
		switch n := n.(type) {
		case *ir.Instruction:
			if err := l.instruction(n); err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
		default:
			l.nodes = append(l.nodes, n)
		}
	}
	f.Nodes = l.nodes
	if l.table != nil {
		address := general("MOVD", operand.LabelRef("$"+tableName+"<>(SB)"), l.table)
		f.Nodes = append([]ir.Node{address}, f.Nodes...)
	}
	return nil
}

// likeThree has the instructions of AVX with operands m, n and d and those of NEON with
// operands d, n and m. likeTwo has those with n and d.
var (
	likeThree = map[string]string{
		"VADDPS": "fadd.4s", "VADDPD": "fadd.2d",
		"VSUBPS": "fsub.4s", "VSUBPD": "fsub.2d",
		"VMULPS": "fmul.4s", "VMULPD": "fmul.2d",
		"VDIVPS": "fdiv.4s", "VDIVPD": "fdiv.2d",
		"VFMADD231PS": "fmla.4s", "VFMADD231PD": "fmla.2d",
		"VFNMADD231PS": "fmls.4s", "VFNMADD231PD": "fmls.2d",
		"VANDPS": "and.16b", "VANDPD": "and.16b",
		"VORPS": "orr.16b", "VORPD": "orr.16b",
		"VXORPS": "eor.16b", "VXORPD": "eor.16b",
		"VPADDD": "add.4s", "VPADDQ": "add.2d",
		"VPSUBD": "sub.4s", "VPSUBQ": "sub.2d",
	}
	likeTwo = map[string]string{
		"VSQRTPS": "fsqrt.4s", "VSQRTPD": "fsqrt.2d",
		"VCVTDQ2PS":  "scvtf.4s",
		"VCVTPS2DQ":  "fcvtns.4s",
		"VCVTPD2PSX": "fcvtn.2s",
	}
	shifts = map[string]string{
		"VPSLLD": "shl.4s", "VPSLLQ": "shl.2d", "VPSRLQ": "ushr.2d", "VPSRAD": "sshr.4s",
	}
	// The first of the operands n and m is returned where it compares so with the other.
	extremes = map[string]string{
		"VMAXPS": "fcmgt.4s", "VMAXPD": "fcmgt.2d", "VMINPS": "fcmgt.4s", "VMINPD": "fcmgt.2d",
	}
	moves = map[string]string{
		"VMOVUPS": "q", "VMOVUPD": "q", "VMOVSD": "d", "VMOVSS": "s", "MOVSS": "s",
	}
)

func (l *lowering) instruction(i *ir.Instruction) error {
	o := i.Operands
	if _, ok := neonCodes[i.Opcode]; ok {
		l.neon(i)
		return nil
	}
	if name, ok := likeThree[i.Opcode]; ok {
		if name == "eor.16b" && o[0] == o[1] {
			l.emit("movi.2d", o[2])
			return nil
		}
		l.emit(name, o[2], l.loaded(o[1]), l.loaded(o[0]))
		return nil
	}
	if name, ok := likeTwo[i.Opcode]; ok {
		l.emit(name, o[1], l.loaded(o[0]))
		return nil
	}
	if name, ok := shifts[i.Opcode]; ok {
		l.emit(name, o[2], l.loaded(o[1]), o[0])
		return nil
	}
	if name, ok := extremes[i.Opcode]; ok {
		n, m, mask := l.loaded(o[1]), l.loaded(o[0]), l.XMM()
		if i.Opcode[:4] == "VMAX" {
			l.emit(name, mask, n, m)
		} else {
			l.emit(name, mask, m, n)
		}
		l.emit("bsl.16b", mask, n, m)
		l.emit("mov.16b", o[2], mask)
		return nil
	}
	if size, ok := moves[i.Opcode]; ok {
		l.move(size, o[0], o[1])
		return nil
	}
	switch i.Opcode {
	case "VCVTPS2PD":
		x, ok := o[0].(operand.Mem)
		if !ok {
			l.emit("fcvtl.2d", o[1], o[0])
			return nil
		}
		half := l.XMM()
		l.move("d", x, half)
		l.emit("fcvtl.2d", o[1], half)
		return nil
	case "VROUNDPD":
		if o[0] != operand.U8(3) {
			return fmt.Errorf("VROUNDPD %s", o[0].Asm())
		}
		l.emit("frintz.2d", o[2], l.loaded(o[1]))
		return nil
	case "VZEROUPPER":
		return nil
	}
	return l.general(i)
}

func (l *lowering) add(i *ir.Instruction) { l.nodes = append(l.nodes, i) }

func (l *lowering) emit(name string, operands ...operand.Op) {
	l.add(neonInstruction(name, operands...))
}

// neon emits an instruction of NEON with an address that it can have.
func (l *lowering) neon(i *ir.Instruction) {
	o := append([]operand.Op(nil), i.Operands...)
	last := len(o) - 1
	switch neonCodes[i.Opcode].layout {
	case inMemory:
		_, shape := splitName(i.Opcode)
		o[last] = l.address(o[last].(operand.Mem), memorySize(shape))
	case bare, laneAt:
		o[last] = l.base(o[last].(operand.Mem))
	case pairAt:
	default:
		for k := 1; k < len(o); k++ {
			o[k] = l.loaded(o[k])
		}
	}
	l.emit(i.Opcode, o...)
}

// loaded returns o or, if it is in memory, a register with it.
func (l *lowering) loaded(o operand.Op) operand.Op {
	m, ok := o.(operand.Mem)
	if !ok {
		return o
	}
	x := l.XMM()
	l.move("q", m, x)
	return x
}

// move moves a number of the size or, between registers, all of one.
func (l *lowering) move(size string, from, to operand.Op) {
	load, isLoad := from.(operand.Mem)
	store, isStore := to.(operand.Mem)
	switch {
	case isLoad && load.Base == reg.FramePointer:
		l.add(general("FMOVS", from, to))
	case isLoad:
		l.emit("ldr."+size, to, l.address(load, memorySize(size)))
	case isStore:
		l.emit("str."+size, from, l.address(store, memorySize(size)))
	default:
		l.emit("mov.16b", to, from)
	}
}

// address returns that of m in a form that loads and stores of the size have.
func (l *lowering) address(m operand.Mem, size int) operand.Mem {
	m = l.inTable(m)
	if m.Index == nil && nearby(m, size) || m.Index != nil && m.Scale == 1 && m.Disp == 0 {
		return m
	}
	return l.base(m)
}

// base returns the address of m as no more than a base.
func (l *lowering) base(m operand.Mem) operand.Mem {
	m = l.inTable(m)
	if m.Index == nil && m.Disp == 0 {
		return m
	}
	r := l.GP64()
	l.lea(m, r)
	return operand.Mem{Base: r}
}

// lea stores the address of m, which is not that of an argument.
func (l *lowering) lea(m operand.Mem, to operand.Op) {
	m = l.inTable(m)
	if m.Index != nil && m.Disp != 0 {
		sum := l.GP64()
		l.add(general(addressOf, operand.Mem{Base: m.Base, Index: m.Index, Scale: m.Scale}, sum))
		m = operand.Mem{Base: sum, Disp: m.Disp}
	}
	l.add(general(addressOf, m, to))
}

// inTable returns m with the place in the table of constants if it is one.
func (l *lowering) inTable(m operand.Mem) operand.Mem {
	if m.Base != reg.StaticBase {
		return m
	}
	at, ok := l.place[m.Symbol.Name]
	if !ok {
		panic("gen: no constant " + m.Symbol.Name)
	}
	if l.table == nil {
		l.table = l.GP64()
	}
	return operand.Mem{Base: l.table, Index: m.Index, Scale: m.Scale, Disp: at + m.Disp}
}
