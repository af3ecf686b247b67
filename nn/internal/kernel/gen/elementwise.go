package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// everyVector calls emit for both types and every set of instructions, with the
// ending that tells the functions apart.
func everyVector(sets []vector, emit func(v vector, suffix string)) {
	for _, double := range []bool{false, true} {
		for _, v := range sets {
			v.double = double
			emit(v, fmt.Sprint(8*v.size(), v.suffix()))
		}
	}
}

// pointers loads pointers to numbers of the type of v.
func (v vector) pointers(names ...string) []stream {
	s := make([]stream, len(names))
	for i, name := range names {
		s[i] = stream{v.Load(v.Param(name), v.GP64()), v.double}
	}
	return s
}

func (v vector) spread(m operand.Mem) vec {
	if v.neon {
		d := v.reg()
		v.neonOp("ld1r", d, m)
		return d
	}
	if v.double {
		return v.to(v.VBROADCASTSD, m)
	}
	return v.to(v.VBROADCASTSS, m)
}

// arithmetic emits the operations on two vectors or a vector and a number.
func arithmetic(sets []vector) {
	everyVector(sets, func(v vector, suffix string) {
		for _, form := range []struct {
			name, doc  string
			aOne, bOne bool
		}{
			{"vectors", "n elements of a and b", false, false},
			{"vectorNumber", "n elements of a and one number b", false, true},
			{"numberVector", "one number a and n elements of b", true, false},
		} {
			v.begin(form.name+suffix, "func(op uint8, dst, a, b *byte, n int)", form.name+suffix+" computes dst = a op b for "+form.doc+".")
			s := v.pointers("dst", "a", "b")
			n := v.Load(v.Param("n"), v.GP64())
			op := v.Load(v.Param("op"), v.GP8())
			var one vec
			if form.aOne {
				one = v.spread(operand.Mem{Base: s[1].base})
			} else if form.bOne {
				one = v.spread(operand.Mem{Base: s[2].base})
			}
			// In the order of BinaryOp.
			for i, f := range []func(x, y operand.Op) vec{v.add, v.sub, v.mul, v.div} {
				next := fmt.Sprint("after", i)
				v.CMPB(op, operand.U8(uint8(i)))
				v.JNE(operand.LabelRef(next))
				l := v.walk()
				l.name = fmt.Sprint(i)
				l.elements(n, func(l loop) {
					x, y := one, one
					if !form.aOne {
						x = l.load(s[1])
					}
					if !form.bOne {
						y = l.load(s[2])
					}
					l.store(f(x, y), s[0])
				})
				v.end()
				v.Label(next)
			}
			v.end()
		}
	})
}

// memory emits what moves and adds up numbers.
func memory(sets []vector) {
	everyVector(sets, func(v vector, suffix string) {
		v.begin("fill"+suffix, "func(dst, a *byte, n int)", "fill"+suffix+" sets n elements of dst to the number a.")
		s := v.pointers("dst", "a")
		a := v.spread(operand.Mem{Base: s[1].base})
		v.walk().elements(v.Load(v.Param("n"), v.GP64()), func(l loop) { l.store(a, s[0]) })
		v.end()

		sumRows(v, suffix)
		sumSquares(v, suffix)
	})
}

// sumRows keeps the sums of as many as eight vectors of columns in registers.
func sumRows(v vector, suffix string) {
	v.begin("sumRows"+suffix, "func(dst, x *byte, r, n int)", "sumRows"+suffix+" adds the r > 0 rows of n elements of x to dst.")
	s := v.pointers("dst", "x")
	dst, x := s[0].base.(reg.GPVirtual), s[1].base.(reg.GPVirtual)
	r := v.Load(v.Param("r"), v.GP64())
	n := v.Load(v.Param("n"), v.GP64())
	stride := v.GP64()
	v.MOVQ(n, stride)
	v.IMUL3Q(operand.I32(int32(v.size())), stride, stride)
	tile := func(label string, count int, l loop) {
		from, i := v.GP64(), v.GP64()
		v.MOVQ(x, from)
		v.MOVQ(r, i)
		sums := make([]vec, count)
		at := func(base reg.Register, j int) stream { return stream{base, v.double} }
		load := func(base reg.Register, j int) vec {
			if l.part {
				return l.load(at(base, j))
			}
			return v.copy(operand.Mem{Base: base, Disp: j * v.bytes()})
		}
		for j := range sums {
			sums[j] = load(dst, j)
		}
		v.Label(label + "Row")
		for j := range sums {
			v.pick(v.VADDPS, v.VADDPD)(load(from, j), sums[j], sums[j])
		}
		v.ADDQ(stride, from)
		v.DECQ(i)
		v.JNZ(operand.LabelRef(label + "Row"))
		for j := range sums {
			if l.part {
				l.store(sums[j], at(dst, j))
			} else {
				v.pick(v.VMOVUPS, v.VMOVUPD)(sums[j], operand.Mem{Base: dst, Disp: j * v.bytes()})
			}
		}
	}
	l := v.walk()
	v.XORQ(l.index, l.index)
	for _, count := range []int{8, 4, 2, 1} {
		label, next := fmt.Sprint("tile", count), fmt.Sprint("below", count)
		v.Label(label)
		v.CMPQ(n, operand.I32(int32(count*v.lanes())))
		v.JLT(operand.LabelRef(next))
		tile(label, count, l)
		v.ADDQ(operand.I32(int32(count*v.bytes())), dst)
		v.ADDQ(operand.I32(int32(count*v.bytes())), x)
		v.SUBQ(operand.I32(int32(count*v.lanes())), n)
		v.JMP(operand.LabelRef(label))
		v.Label(next)
	}
	v.TESTQ(n, n)
	v.JZ(operand.LabelRef("none"))
	tile("last", 1, l.only(n))
	v.Label("none")
	v.end()
}

// sumSquares works in float64 on sixteen sums.
func sumSquares(v vector, suffix string) {
	v.begin("sumSquares"+suffix, "func(sums *[16]float64, x *byte, blocks int)", "sumSquares"+suffix+" adds to each of the sums the squares of every sixteenth element of x, which has 16 blocks elements.")
	wide := v
	wide.double = true
	sums := v.Load(v.Param("sums"), v.GP64())
	x := v.Load(v.Param("x"), v.GP64())
	blocks := v.Load(v.Param("blocks"), v.GP64())
	acc := make([]vec, 16/wide.lanes())
	for i := range acc {
		acc[i] = wide.copy(operand.Mem{Base: sums, Disp: i * wide.bytes()})
	}
	v.Label("block")
	for i, a := range acc {
		m := operand.Mem{Base: x, Disp: i * wide.lanes() * v.size()}
		var y vec
		if v.double {
			y = wide.copy(m)
		} else {
			y = wide.to(wide.VCVTPS2PD, m)
		}
		wide.accumulate(a, y, y)
	}
	v.ADDQ(operand.I32(int32(16*v.size())), x)
	v.DECQ(blocks)
	v.JNZ(operand.LabelRef("block"))
	for i, a := range acc {
		v.VMOVUPD(a, operand.Mem{Base: sums, Disp: i * wide.bytes()})
	}
	v.end()
}

// optimizer emits Adam and the moving average, and both in one pass.
func optimizer(sets []vector) {
	everyVector(sets, func(v vector, suffix string) {
		for _, average := range []bool{false, true} {
			name, signature := "adam"+suffix, "func(theta, m, v, grad, numbers *byte, n int)"
			if average {
				name, signature = "adamEMA"+suffix, "func(theta, m, v, grad, shadow, numbers *byte, n int)"
			}
			v.begin(name, signature, name+" is Adam for n elements with the fields of adamNumbers.")
			s := v.pointers("theta", "m", "v", "grad", "numbers")
			if average {
				s = append(s, v.pointers("shadow")...)
			}
			// In the order of adamNumbers.
			var k [8]vec
			for i := range k {
				if i < 7 || average {
					k[i] = v.spread(operand.Mem{Base: s[4].base, Disp: i * v.size()})
				}
			}
			bound := 0x1p63 // of Bounded
			if v.double {
				bound = 0x1p511
			}
			least, most := v.set(-bound), v.set(bound)
			keep, gain1, beta2, gain2, rate, root, eps, gain := k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7]
			v.walk().elements(v.Load(v.Param("n"), v.GP64()), func(l loop) {
				// NaN remains, as the instructions return their second source.
				g := v.to(v.pick(v.VMINPS, v.VMINPD), l.load(s[3]), most)
				g = v.to(v.pick(v.VMAXPS, v.VMAXPD), g, least)
				m := l.load(s[1])
				m = v.add(m, v.mul(gain1, v.sub(g, m)))
				l.store(m, s[1])
				w := v.add(v.mul(beta2, l.load(s[2])), v.mul(gain2, v.mul(g, g)))
				l.store(w, s[2])
				step := v.div(v.mul(rate, m), v.add(v.mul(v.sqrt(w), root), eps))
				theta := v.sub(v.mul(l.load(s[0]), keep), step)
				l.store(theta, s[0])
				if average {
					move(l, theta, s[5], gain)
				}
			})
			v.end()
		}
		name := "ema" + suffix
		v.begin(name, "func(shadow, theta, gain *byte, n int)", name+" moves n elements of shadow towards theta.")
		s := v.pointers("shadow", "theta", "gain")
		gain := v.spread(operand.Mem{Base: s[2].base})
		v.walk().elements(v.Load(v.Param("n"), v.GP64()), func(l loop) { move(l, l.load(s[1]), s[0], gain) })
		v.end()
	})
}

// move adds gain(θ−shadow) to shadow.
func move(l loop, theta vec, shadow stream, gain vec) {
	y := l.load(shadow)
	l.store(l.add(y, l.mul(gain, l.sub(theta, y))), shadow)
}
