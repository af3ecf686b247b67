package main

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Go's assembler lacks most of NEON's arithmetic. So an instruction of NEON is a
// word here, with what a disassembler makes of it beside it. Its name is that of
// ARM's manual with the arrangement of its numbers behind a dot.

// layout says where an instruction has its operands, of which the first is what it
// writes or, of those that store, what it reads.
type layout uint8

const (
	dnm      layout = iota // Vd, Vn, Vm
	dn                     // Vd, Vn
	onlyD                  // Vd
	leftOf                 // Vd, Vn, how far to the left
	rightOf                // Vd, Vn, how far to the right
	byLane                 // Vd, Vn, Vm, lane of m
	ofLane                 // Vd, Vn, lane of n
	toGP                   // Rd, Vn
	inMemory               // Vt, memory: a base and a distance, or a base and an index
	bare                   // Vt, memory: a base
	laneAt                 // Vt, lane, memory: a base, which moves on by a number
	pairAt                 // Vt, Vt2, memory: a base and a distance
)

// use says what happens to the first operand.
type use uint8

const (
	writes use = iota
	updates
	stores
)

type neonCode struct {
	layout layout
	bits   uint32
	use    use
}

// neonCodes has the words with zeros in place of the operands.
var neonCodes = map[string]neonCode{
	"fadd.4s": {dnm, 0x4e20d400, writes}, "fadd.2d": {dnm, 0x4e60d400, writes},
	"fsub.4s": {dnm, 0x4ea0d400, writes}, "fsub.2d": {dnm, 0x4ee0d400, writes},
	"fmul.4s": {dnm, 0x6e20dc00, writes}, "fmul.2d": {dnm, 0x6e60dc00, writes},
	"fdiv.4s": {dnm, 0x6e20fc00, writes}, "fdiv.2d": {dnm, 0x6e60fc00, writes},
	"fmax.4s": {dnm, 0x4e20f400, writes}, "fmax.2d": {dnm, 0x4e60f400, writes},
	"fmin.4s": {dnm, 0x4ea0f400, writes}, "fmin.2d": {dnm, 0x4ee0f400, writes},
	"fmla.4s": {dnm, 0x4e20cc00, updates}, "fmla.2d": {dnm, 0x4e60cc00, updates},
	"fmls.4s": {dnm, 0x4ea0cc00, updates}, "fmls.2d": {dnm, 0x4ee0cc00, updates},
	"fcmeq.4s": {dnm, 0x4e20e400, writes}, "fcmeq.2d": {dnm, 0x4e60e400, writes},
	"fcmge.4s": {dnm, 0x6e20e400, writes}, "fcmge.2d": {dnm, 0x6e60e400, writes},
	"fcmgt.4s": {dnm, 0x6ea0e400, writes}, "fcmgt.2d": {dnm, 0x6ee0e400, writes},
	"add.4s": {dnm, 0x4ea08400, writes}, "add.2d": {dnm, 0x4ee08400, writes},
	"sub.4s": {dnm, 0x6ea08400, writes}, "sub.2d": {dnm, 0x6ee08400, writes},
	"and.16b": {dnm, 0x4e201c00, writes},
	"orr.16b": {dnm, 0x4ea01c00, writes},
	"eor.16b": {dnm, 0x6e201c00, writes},
	"bsl.16b": {dnm, 0x6e601c00, updates},
	"trn1.4s": {dnm, 0x4e802800, writes}, "trn1.2d": {dnm, 0x4ec02800, writes},
	"trn2.4s": {dnm, 0x4e806800, writes}, "trn2.2d": {dnm, 0x4ec06800, writes},

	"fsqrt.4s": {dn, 0x6ea1f800, writes}, "fsqrt.2d": {dn, 0x6ee1f800, writes},
	"fneg.4s": {dn, 0x6ea0f800, writes}, "fneg.2d": {dn, 0x6ee0f800, writes},
	"fabs.4s": {dn, 0x4ea0f800, writes}, "fabs.2d": {dn, 0x4ee0f800, writes},
	"cmlt.4s": {dn, 0x4ea0a800, writes}, "cmlt.2d": {dn, 0x4ee0a800, writes}, // less than zero
	"frintz.2d": {dn, 0x4ee19800, writes},
	"fcvtns.4s": {dn, 0x4e21a800, writes},
	"scvtf.4s":  {dn, 0x4e21d800, writes},
	"fcvtl.2d":  {dn, 0x0e617800, writes}, // of two float32
	"fcvtn.2s":  {dn, 0x0e616800, writes}, // of two float64
	"mvn.16b":   {dn, 0x6e205800, writes},
	"umaxv.4s":  {dn, 0x6eb0a800, writes},
	"mov.16b":   {dn, 0x4ea01c00, writes},    // orr of the same twice
	"movi.2d":   {onlyD, 0x6f00e400, writes}, // zero

	"shl.4s": {leftOf, 0x4f005400, writes}, "shl.2d": {leftOf, 0x4f005400, writes},
	"ushr.2d": {rightOf, 0x6f000400, writes},
	"sshr.4s": {rightOf, 0x4f000400, writes},

	"fmla_lane.4s": {byLane, 0x4f801000, updates}, "fmla_lane.2d": {byLane, 0x4fc01000, updates},
	"dup.4s": {ofLane, 0x4e040400, writes}, "dup.2d": {ofLane, 0x4e080400, writes},
	"fmov.s": {toGP, 0x1e260000, writes},

	"ldr.q": {inMemory, 0x3cc00000, writes}, "str.q": {inMemory, 0x3c800000, stores},
	"ldr.d": {inMemory, 0xfc400000, writes}, "str.d": {inMemory, 0xfc000000, stores},
	"ldr.s": {inMemory, 0xbc400000, writes}, "str.s": {inMemory, 0xbc000000, stores},
	"ld1r.4s": {bare, 0x4d40c800, writes}, "ld1r.2d": {bare, 0x4d40cc00, writes},
	"ld1.s": {laneAt, 0x0ddf8000, updates}, "st1.s": {laneAt, 0x0d9f8000, stores},
	"ldp.q": {pairAt, 0xad400000, writes}, "stp.q": {pairAt, 0xad000000, stores},
}

// neonInstruction returns an instruction of NEON, which a pass lowers where it has
// operands in memory that no single instruction can have.
func neonInstruction(name string, operands ...operand.Op) *ir.Instruction {
	code, ok := neonCodes[name]
	if !ok {
		panic("gen: no code for " + name)
	}
	i := &ir.Instruction{Opcode: name, Operands: operands}
	written := 1
	if code.layout == pairAt {
		written = 2
	}
	switch code.use {
	case stores:
		i.Inputs = operands
	case updates:
		i.Inputs, i.Outputs = operands, operands[:written]
	default:
		i.Inputs, i.Outputs = operands[written:], operands[:written]
	}
	if code.layout == laneAt {
		// The base moves on.
		base := operands[2].(operand.Mem).Base
		i.Outputs = append(append([]operand.Op(nil), i.Outputs...), base)
	}
	return i
}

// word returns the code of an instruction whose registers are chosen, and its text.
func word(i *ir.Instruction) (uint32, string) {
	code := neonCodes[i.Opcode]
	name, shape := splitName(i.Opcode)
	bits, o := code.bits, i.Operands
	r := func(n int) uint32 { return number(o[n]) }
	v := func(n int) string { return fmt.Sprintf("v%d.%s", r(n), shape) }
	switch code.layout {
	case dnm:
		return bits | r(0) | r(1)<<5 | r(2)<<16, fmt.Sprintf("%s %s, %s, %s", name, v(0), v(1), v(2))
	case dn:
		bits |= r(0) | r(1)<<5
		switch name {
		case "mov":
			return bits | r(1)<<16, fmt.Sprintf("mov %s, %s", v(0), v(1))
		case "cmlt":
			return bits, fmt.Sprintf("cmlt %s, %s, #0", v(0), v(1))
		case "umaxv":
			return bits, fmt.Sprintf("umaxv s%d, %s", r(0), v(1))
		case "fcvtl":
			return bits, fmt.Sprintf("fcvtl v%d.2d, v%d.2s", r(0), r(1))
		case "fcvtn":
			return bits, fmt.Sprintf("fcvtn v%d.2s, v%d.2d", r(0), r(1))
		}
		return bits, fmt.Sprintf("%s %s, %s", name, v(0), v(1))
	case onlyD:
		return bits | r(0), fmt.Sprintf("%s %s, #0x0", name, v(0))
	case leftOf, rightOf:
		size, by := laneBits(shape), r(2)
		text := fmt.Sprintf("%s %s, %s, #%d", name, v(0), v(1), by)
		if code.layout == leftOf {
			by += size
		} else {
			by = 2*size - by
		}
		return bits | by<<16 | r(0) | r(1)<<5, text
	case byLane:
		lane := r(3)
		place := lane&1<<21 | lane>>1<<11
		if shape == "2d" {
			place = lane << 11
		}
		return bits | place | r(0) | r(1)<<5 | r(2)<<16,
			fmt.Sprintf("fmla %s, %s, v%d.%s[%d]", v(0), v(1), r(2), shape[1:], lane)
	case ofLane:
		lane := r(2) << 3
		if shape == "2d" {
			lane <<= 1
		}
		return bits | lane<<16 | r(0) | r(1)<<5, fmt.Sprintf("dup %s, v%d.%s[%d]", v(0), r(1), shape[1:], r(2))
	case toGP:
		return bits | r(0) | r(1)<<5, fmt.Sprintf("fmov w%d, s%d", r(0), r(1))
	case inMemory:
		return memoryWord(code, name, shape, r(0), o[1].(operand.Mem))
	case bare:
		base := number(o[1].(operand.Mem).Base)
		return bits | r(0) | base<<5, fmt.Sprintf("%s {%s}, [x%d]", name, v(0), base)
	case laneAt:
		base, lane := number(o[2].(operand.Mem).Base), r(1)
		return bits | lane>>1<<30 | lane&1<<12 | base<<5 | r(0),
			fmt.Sprintf("%s {v%d.s}[%d], [x%d], #4", name, r(0), lane, base)
	case pairAt:
		m := o[2].(operand.Mem)
		base := number(m.Base)
		if m.Index != nil || m.Disp%16 != 0 || m.Disp < 0 || m.Disp >= 64*16 {
			panic("gen: " + name + ": " + m.Asm())
		}
		return bits | uint32(m.Disp/16)<<15 | r(1)<<10 | base<<5 | r(0),
			fmt.Sprintf("%s q%d, q%d, %s", name, r(0), r(1), place(base, m.Disp))
	}
	panic("gen: " + i.Opcode)
}

// memoryWord is word for a load or a store of one register.
func memoryWord(code neonCode, name, shape string, t uint32, m operand.Mem) (uint32, string) {
	base := number(m.Base)
	if m.Index != nil {
		index := number(m.Index)
		return code.bits | 0x00206800 | index<<16 | base<<5 | t,
			fmt.Sprintf("%s %s%d, [x%d, x%d]", name, shape, t, base, index)
	}
	size := memorySize(shape)
	if !nearby(m, size) {
		panic("gen: " + name + ": " + m.Asm())
	}
	return code.bits | 0x01000000 | uint32(m.Disp/size)<<10 | base<<5 | t,
		fmt.Sprintf("%s %s%d, %s", name, shape, t, place(base, m.Disp))
}

// nearby reports whether the distance of m fits into a load or store of size bytes.
func nearby(m operand.Mem, size int) bool {
	return m.Disp%size == 0 && 0 <= m.Disp && m.Disp < size<<12
}

func place(base uint32, distance int) string {
	if distance == 0 {
		return fmt.Sprintf("[x%d]", base)
	}
	return fmt.Sprintf("[x%d, #%d]", base, distance)
}

func memorySize(shape string) int { return map[string]int{"q": 16, "d": 8, "s": 4}[shape] }

func laneBits(shape string) uint32 { return map[string]uint32{"4s": 32, "2d": 64}[shape] }

// number returns that of a register or the value of a constant.
func number(o operand.Op) uint32 {
	switch o := o.(type) {
	case reg.Register:
		return uint32(reg.ToPhysical(o).PhysicalIndex())
	case operand.U8:
		return uint32(o)
	}
	panic("gen: " + o.Asm())
}

func splitName(opcode string) (name, shape string) {
	name, shape, _ = strings.Cut(opcode, ".")
	return name, shape
}
