package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// stream is a slice that a loop goes through.
type stream struct {
	base   reg.Register
	double bool // holds float64
}

// loop is the walk of several slices of equal length, a vector at a time. The
// numbers computed with may be wider than those in the slices.
type loop struct {
	vector
	name  string       // distinguishes the labels of loops in one function
	index reg.Register // of the first element of the vector; NEON: in bytes
	part  bool         // not all elements exist
	mask  reg.Register // of those that do, if part
	count reg.Register // NEON: how many do, instead of the mask
	size  int          // of an element of a slice
}

func (v vector) walk() loop { return loop{vector: v, index: v.GP64(), size: v.size()} }

// advance moves on by a vector.
func (l loop) advance() { l.ADDQ(operand.Imm(uint64(l.units(l.lanes()))), l.index) }

// units returns how far the index moves on over n elements.
func (l loop) units(n int) int {
	if l.neon {
		return n * l.size
	}
	return n
}

// only returns the loop for the first n lanes.
func (l loop) only(n reg.Register) loop {
	l.part = true
	if l.neon {
		l.count = l.GP64()
		l.MOVQ(n, l.count)
	} else {
		l.mask = l.first(n)
	}
	return l
}

// existing returns the mask of the elements that exist, of which some don't.
func (l loop) existing() reg.Register {
	if l.neon {
		return l.first(l.count)
	}
	return l.mask
}

// elements emits body once for whole vectors and once for what is left of n
// elements; it spoils n.
func (l loop) elements(n reg.Register, body func(l loop)) {
	lanes := operand.Imm(uint64(l.lanes()))
	l.XORQ(l.index, l.index)
	l.SUBQ(lanes, n)
	l.JLT(operand.LabelRef("rest" + l.name))
	l.Label("whole" + l.name)
	body(l)
	l.advance()
	l.SUBQ(lanes, n)
	l.JGE(operand.LabelRef("whole" + l.name))
	l.Label("rest" + l.name)
	l.ADDQ(lanes, n)
	l.JZ(operand.LabelRef("done" + l.name))
	body(l.only(n))
	l.Label("done" + l.name)
}

// first returns the mask of the first n lanes.
func (v vector) first(n reg.Register) reg.Register {
	name := "first32"
	if v.double {
		name = "first64"
	}
	table, ok := v.pool[name]
	if !ok {
		table = v.StaticGlobal(name)
		v.DataAttributes(attr.RODATA | attr.NOPTR)
		for i := range 32 {
			bits := uint64(0)
			if i < 16 {
				bits = 1<<64 - 1
			}
			if v.double {
				v.AppendDatum(operand.U64(bits))
			} else {
				v.AppendDatum(operand.U32(uint32(bits)))
			}
		}
		v.pool[name] = table
	}
	from := v.GP64()
	v.LEAQ(table.Offset(16*v.size()), from)
	back := v.GP64()
	v.MOVQ(n, back)
	v.SHLQ(operand.U8(map[bool]uint8{false: 2, true: 3}[v.double]), back)
	v.SUBQ(back, from)
	bits := v.copy(operand.Mem{Base: from})
	if !v.wide {
		return bits
	}
	k := v.K()
	if v.double {
		v.VPMOVQ2M(bits, k)
	} else {
		v.VPMOVD2M(bits, k)
	}
	return k
}

func (l loop) at(s stream) operand.Mem {
	scale := uint8(4)
	if s.double {
		scale = 8
	}
	if l.neon {
		scale = 1
	}
	return operand.Mem{Base: s.base, Index: l.index, Scale: scale}
}

// half names the lower half of a register.
func (v vector) half(x vec) reg.Register {
	if v.wide {
		return x.AsY()
	}
	return x.AsX() // of which NEON uses half
}

// load returns the elements of s at the index, zeros where there is none.
func (l loop) load(s stream) vec {
	if s.double || !l.double {
		d := l.reg()
		l.move(l.at(s), d, d)
		return d
	}
	return l.widen(l.loadNarrow(s))
}

// store writes x to s at the index, the elements that exist.
func (l loop) store(x vec, s stream) {
	if s.double || !l.double {
		l.move(x, l.at(s), nil)
		return
	}
	l.storeNarrow(l.narrow(x), s)
}

// loadNarrow is load of float32 for a loop in float64, into half a register.
func (l loop) loadNarrow(s stream) reg.Register {
	x := l.half(l.reg())
	switch {
	case l.neon && !l.part:
		l.VMOVSD(l.at(s), x)
	case l.neon:
		l.VMOVSS(l.at(s), x)
	case !l.part:
		l.VMOVUPS(l.at(s), x)
	case l.wide:
		l.VMOVUPS_Z(l.at(s), l.mask, x)
	default:
		l.VMASKMOVPS(l.at(s), l.narrowMask(), x)
	}
	return x
}

func (l loop) storeNarrow(x reg.Register, s stream) {
	switch {
	case l.neon && !l.part:
		l.VMOVSD(x, l.at(s))
	case l.neon:
		l.VMOVSS(x, l.at(s))
	case !l.part:
		l.VMOVUPS(x, l.at(s))
	case l.wide:
		l.VMOVUPS(x, l.mask, l.at(s))
	default:
		l.VMASKMOVPS(x, l.narrowMask(), l.at(s))
	}
}

func (v vector) widen(x reg.Register) vec { return v.to(v.VCVTPS2PD, x) }

// narrow rounds float64 to float32, in half a register.
func (v vector) narrow(x vec) reg.Register {
	d := v.half(v.reg())
	switch {
	case v.wide:
		v.VCVTPD2PS(x, d)
	case v.neon:
		v.VCVTPD2PSX(x, d)
	default:
		v.VCVTPD2PSY(x, d)
	}
	return d
}

// narrowMask returns the mask of 64-bit lanes for 32-bit ones.
func (l loop) narrowMask() reg.Register {
	m := l.YMM()
	// The even words of each half, then the halves side by side.
	l.VPSHUFD(operand.U8(0x88), l.mask, m)
	l.VPERMQ(operand.U8(0x08), m, m)
	return m.AsX()
}

// move loads into the register loaded or, when that is nil, stores.
func (l loop) move(from, to operand.Op, loaded vec) {
	move := l.pick(l.VMOVUPS, l.VMOVUPD)
	switch {
	case !l.part:
		move(from, to)
	case l.neon:
		l.moveSome(from, to)
	case !l.wide && l.double:
		l.VMASKMOVPD(from, l.mask, to)
	case !l.wide:
		l.VMASKMOVPS(from, l.mask, to)
	case loaded == nil:
		move(from, l.mask, to)
	case l.double:
		l.VMOVUPD_Z(from, l.mask, to)
	default:
		l.VMOVUPS_Z(from, l.mask, to)
	}
}

// moveSome moves as many elements as exist: less than a vector, or none. What is loaded
// has zeros in the other lanes.
func (l loop) moveSome(from, to operand.Op) {
	m, isStore := to.(operand.Mem)
	x := from
	if !isStore {
		m, x = from.(operand.Mem), to
	}
	switch {
	case l.double && isStore:
		l.VMOVSD(x, m)
		return
	case l.double:
		l.VMOVSD(m, x)
		return
	case !isStore:
		l.VXORPS(x, x, x)
	}
	at := l.GP64()
	l.LEAQ(m, at)
	*l.labels++
	done := operand.LabelRef(fmt.Sprint("moved", *l.labels))
	for lane := range 4 {
		l.CMPQ(l.count, operand.Imm(uint64(lane)))
		l.JLE(done)
		name := "ld1.s"
		if isStore {
			name = "st1.s"
		}
		l.Instruction(neonInstruction(name, x, operand.U8(uint8(lane)), operand.Mem{Base: at}))
	}
	l.Label(string(done))
}
