package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vector emits instructions on whole registers of numbers. Each method that
// returns a register takes a new one; the others change their first operand.
// On every set of instructions a method makes the same roundings.
type vector struct {
	*build.Context
	wide   bool // AVX-512
	neon   bool // NEON; if neither, AVX2
	double bool // float64, else float32
	pool   map[string]operand.Mem
	// held has the constants that are in registers, wanted those that were
	// asked for, in order.
	held   map[string]vec
	wanted *[]string
	labels *int // NEON: made so far
}

type vec = reg.VecVirtual

func (v vector) suffix() string {
	switch {
	case v.wide:
		return "AVX512"
	case v.neon:
		return "NEON"
	}
	return "AVX2"
}

// bytes returns the length of a register.
func (v vector) bytes() int {
	switch {
	case v.wide:
		return 64
	case v.neon:
		return 16
	}
	return 32
}

// size returns the length of a number.
func (v vector) size() int {
	if v.double {
		return 8
	}
	return 4
}

func (v vector) lanes() int { return v.bytes() / v.size() }

func (v vector) reg() vec {
	switch {
	case v.wide:
		return v.ZMM()
	case v.neon:
		return v.XMM()
	}
	return v.YMM()
}

type instruction = func(...operand.Op)

// neonOp emits an instruction of NEON for the type of the numbers.
func (v vector) neonOp(name string, operands ...operand.Op) {
	shape := ".4s"
	if v.double {
		shape = ".2d"
	}
	v.Instruction(neonInstruction(name+shape, operands...))
}

// pick returns the instruction for the type of the numbers.
func (v vector) pick(single, double instruction) instruction {
	if v.double {
		return double
	}
	return single
}

// holding returns v with the constants that body asks for in registers, where
// there are enough of these.
func (v vector) holding(body func(v vector)) vector {
	if !v.wide {
		return v
	}
	trial := v
	trial.Context = build.NewContext()
	trial.Function("trial")
	trial.pool, trial.wanted = map[string]operand.Mem{}, new([]string)
	body(trial)
	v.held = map[string]vec{}
	for _, name := range (*trial.wanted)[:min(len(*trial.wanted), 18)] {
		var bits uint64
		var size int
		if _, err := fmt.Sscanf(name, constantName, &size, &bits); err != nil {
			panic(err)
		}
		v.held[name] = v.copy(v.constant(bits))
	}
	return v
}

const constantName = "c%d_%x"

// constant returns copies of bits, in a register or in memory.
func (v vector) constant(bits uint64) operand.Op {
	name := fmt.Sprintf(constantName, 8*v.size(), bits)
	if r, ok := v.held[name]; ok {
		return r
	}
	if _, ok := v.pool[name]; !ok && v.wanted != nil {
		*v.wanted = append(*v.wanted, name)
	}
	if m, ok := v.pool[name]; ok {
		return m
	}
	m := v.StaticGlobal(name)
	v.DataAttributes(attr.RODATA | attr.NOPTR)
	for range v.repeated() / v.size() {
		if v.double {
			v.AppendDatum(operand.U64(bits))
		} else {
			v.AppendDatum(operand.U32(uint32(bits)))
		}
	}
	v.pool[name] = m
	return m
}

// repeated is the length of a constant in memory.
func (v vector) repeated() int {
	if v.neon {
		return v.bytes()
	}
	return 64 // for both lengths of registers
}

// number returns copies of c, rounded to the type of the numbers.
func (v vector) number(c float64) operand.Op {
	if v.double {
		return v.constant(math.Float64bits(c))
	}
	return v.constant(uint64(math.Float32bits(float32(c))))
}

func (v vector) signBit() operand.Op { return v.constant(1 << (8*v.size() - 1)) }
func (v vector) rest() operand.Op    { return v.constant(1<<(8*v.size()-1) - 1) }

func (v vector) to(op instruction, operands ...operand.Op) vec {
	d := v.reg()
	op(append(operands, d)...)
	return d
}

func (v vector) copy(x operand.Op) vec { return v.to(v.pick(v.VMOVUPS, v.VMOVUPD), x) }
func (v vector) set(c float64) vec     { return v.copy(v.number(c)) }

// source returns copies of c in a register that is not to be changed.
func (v vector) source(c float64) vec {
	if r, ok := v.number(c).(vec); ok {
		return r
	}
	return v.set(c)
}

func (v vector) add(x, y operand.Op) vec { return v.to(v.pick(v.VADDPS, v.VADDPD), y, x) }
func (v vector) sub(x, y operand.Op) vec { return v.to(v.pick(v.VSUBPS, v.VSUBPD), y, x) }
func (v vector) mul(x, y operand.Op) vec { return v.to(v.pick(v.VMULPS, v.VMULPD), y, x) }
func (v vector) div(x, y operand.Op) vec { return v.to(v.pick(v.VDIVPS, v.VDIVPD), y, x) }
func (v vector) sqrt(x operand.Op) vec   { return v.to(v.pick(v.VSQRTPS, v.VSQRTPD), x) }

// min and max return x where it is not a number, as the instructions return
// their second source.
func (v vector) min(c float64, x operand.Op) vec {
	if v.neon {
		return v.bound("fmin", c, x)
	}
	return v.to(v.pick(v.VMINPS, v.VMINPD), x, v.source(c))
}

func (v vector) max(c float64, x operand.Op) vec {
	if v.neon {
		return v.bound("fmax", c, x)
	}
	return v.to(v.pick(v.VMAXPS, v.VMAXPD), x, v.source(c))
}

// bound emits an instruction that differs from AVX's in the sign of zeros only.
func (v vector) bound(name string, c float64, x operand.Op) vec {
	if c == 0 {
		panic("gen: bound of zero")
	}
	d := v.reg()
	v.neonOp(name, d, x, v.source(c))
	return d
}

func (v vector) zero() vec {
	d := v.reg()
	v.pick(v.VXORPS, v.VXORPD)(d, d, d)
	return d
}

// relu returns max(x, 0), which is x where that is not a number.
func (v vector) relu(x operand.Op) vec { return v.to(v.pick(v.VMAXPS, v.VMAXPD), x, v.zero()) }

// horner returns px + c, rounded once, and spoils p.
func (v vector) horner(p vec, x, c operand.Op) vec {
	if v.neon {
		s := v.copy(c)
		v.accumulate(s, p, x)
		return s
	}
	v.pick(v.VFMADD213PS, v.VFMADD213PD)(c, x, p)
	return p
}

// multiplyDeduct returns px − c, rounded once, and spoils p.
func (v vector) multiplyDeduct(p vec, x, c operand.Op) vec {
	if v.neon {
		s := v.reg()
		v.neonOp("fneg", s, c)
		v.accumulate(s, p, x)
		return s
	}
	v.pick(v.VFMSUB213PS, v.VFMSUB213PD)(c, x, p)
	return p
}

// accumulate makes s into s + xy, rounded once, and deduct into s − xy.
func (v vector) accumulate(s vec, x, y operand.Op) {
	v.pick(v.VFMADD231PS, v.VFMADD231PD)(y, x, s)
}

func (v vector) deduct(s vec, x, y operand.Op) {
	v.pick(v.VFNMADD231PS, v.VFNMADD231PD)(y, x, s)
}

// polynomial returns c₀ + c₁x + c₂x² + … by Horner's rule for x² on pairs of
// terms, which takes half the time of that for x.
func (v vector) polynomial(x, square vec, c []float64) vec {
	pair := func(i int) vec {
		p := v.set(c[i])
		if i%2 == 1 {
			p = v.horner(p, x, v.number(c[i-1]))
		}
		return p
	}
	i := len(c) - 1
	p := pair(i)
	for i = i - 1 - i%2; i > 0; i -= 2 {
		p = v.horner(p, square, pair(i))
	}
	return p
}

func (v vector) and(x, y operand.Op) vec { return v.to(v.pick(v.VANDPS, v.VANDPD), y, x) }
func (v vector) or(x, y operand.Op) vec  { return v.to(v.pick(v.VORPS, v.VORPD), y, x) }
func (v vector) xor(x, y operand.Op) vec { return v.to(v.pick(v.VXORPS, v.VXORPD), y, x) }

func (v vector) abs(x vec) vec {
	if v.neon {
		d := v.reg()
		v.neonOp("fabs", d, x)
		return d
	}
	return v.and(x, v.rest())
}

// withSign returns x, of any sign, with the sign of y.
func (v vector) withSign(x, y vec) vec {
	if v.neon {
		return v.choose(v.copy(v.signBit()), y, x)
	}
	return v.or(v.and(x, v.rest()), v.and(y, v.signBit()))
}

func (v vector) addInt(x, y operand.Op) vec {
	if v.double {
		return v.to(v.VPADDQ, y, x)
	}
	return v.to(v.VPADDD, y, x)
}

func (v vector) subInt(x, y operand.Op) vec {
	if v.double {
		return v.to(v.VPSUBQ, y, x)
	}
	return v.to(v.VPSUBD, y, x)
}

func (v vector) shiftLeft(x vec, n uint8) vec {
	if v.double {
		return v.to(v.VPSLLQ, operand.U8(n), x)
	}
	return v.to(v.VPSLLD, operand.U8(n), x)
}

// fraction is the number of bits of a number behind its exponent.
func (v vector) fraction() uint8 {
	if v.double {
		return 52
	}
	return 23
}

// The comparisons of VCMPPS; unordered ones hold for what is not a number.
const (
	less            = operand.U8(17)
	lessEqual       = operand.U8(18)
	notLess         = operand.U8(21) // unordered
	notLessEqual    = operand.U8(22) // unordered
	equal           = operand.U8(0)
	greaterOrEqual  = operand.U8(29)
	greater         = operand.U8(30)
	notGreaterEqual = operand.U8(25) // unordered
)

// compare returns in which lanes x op y holds: a mask register or a vector of
// zeros and ones.
func (v vector) compare(op operand.U8, x, y operand.Op) reg.Register {
	if v.wide {
		k := v.K()
		v.pick(v.VCMPPS, v.VCMPPD)(op, y, x, k)
		return k
	}
	if v.neon {
		return v.compareNEON(op, x, y)
	}
	return v.to(v.pick(v.VCMPPS, v.VCMPPD), op, y, x)
}

// compareNEON has greater, greater or equal, and equal.
func (v vector) compareNEON(op operand.U8, x, y operand.Op) vec {
	name, unordered := "fcmgt", false
	switch op {
	case equal:
		name = "fcmeq"
	case less:
		x, y = y, x
	case lessEqual:
		name, x, y = "fcmge", y, x
	case greaterOrEqual:
		name = "fcmge"
	case notLess:
		x, y, unordered = y, x, true
	case notLessEqual:
		name, x, y, unordered = "fcmge", y, x, true
	case notGreaterEqual:
		name, unordered = "fcmge", true
	}
	d := v.reg()
	v.neonOp(name, d, x, y)
	if unordered {
		v.Instruction(neonInstruction("mvn.16b", d, d))
	}
	return d
}

// choose returns a in the lanes of the mask and b elsewhere.
func (v vector) choose(mask reg.Register, a, b operand.Op) vec {
	if v.wide {
		return v.to(v.pick(v.VBLENDMPS, v.VBLENDMPD), a, b, mask)
	}
	if v.neon {
		d := v.copy(mask)
		v.Instruction(neonInstruction("bsl.16b", d, a, b))
		return d
	}
	d := v.reg()
	if v.double {
		v.VBLENDVPD(mask, a, b, d)
	} else {
		v.VBLENDVPS(mask, a, b, d)
	}
	return d
}

// chooseBySign returns a where x is negative and b elsewhere.
func (v vector) chooseBySign(x, a, b vec) vec {
	if v.neon {
		mask := v.reg()
		v.neonOp("cmlt", mask, x)
		return v.choose(mask, a, b)
	}
	if !v.wide {
		return v.choose(x, a, b)
	}
	k := v.K()
	if v.double {
		v.VPMOVQ2M(x, k)
	} else {
		v.VPMOVD2M(x, k)
	}
	return v.choose(k, a, b)
}

// keep returns x in the lanes of the mask and zero elsewhere.
func (v vector) keep(mask reg.Register, x vec) vec {
	if v.wide {
		d := v.reg()
		if v.double {
			v.VMOVAPD_Z(x, mask, d)
		} else {
			v.VMOVAPS_Z(x, mask, d)
		}
		return d
	}
	return v.and(mask, x)
}
