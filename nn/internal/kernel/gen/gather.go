package main

import (
	"github.com/mmcloughlin/avo/operand"
)

// gather emits what copies and adds runs, the fields of Run.
func gather(sets []vector) {
	const to, from, length, next = 0, 4, 8, 12
	everyVector(sets, func(v vector, suffix string) {
		for _, add := range []bool{false, true} {
			name, doc := "gather", "copies count runs of x to dst, which begins at the number base."
			if add {
				name, doc = "scatter", "adds count runs of x, which begins at the number base, to dst."
			}
			v.begin(name+suffix, "func(dst, x, runs *byte, base, count int)", name+suffix+" "+doc)
			s := v.pointers("dst", "x")
			runs := v.Load(v.Param("runs"), v.GP64())
			base := v.Load(v.Param("base"), v.GP64())
			count := v.Load(v.Param("count"), v.GP64())
			field := func(at int) stream {
				i := v.GP64()
				v.MOVLQSX(operand.Mem{Base: runs, Disp: at}, i)
				return stream{i, v.double}
			}
			address := func(number, s stream) stream {
				v.LEAQ(operand.Mem{Base: s.base, Index: number.base, Scale: uint8(v.size())}, number.base)
				return number
			}
			v.Label("run")
			made, read, n := field(to), field(from), field(length).base
			v.SUBQ(base, made.base)
			v.TESTQ(read.base, read.base)
			v.JS(operand.LabelRef("zeros"))
			l := v.walk()
			if add {
				made, read = address(made, s[1]), address(read, s[0])
				l.elements(n, func(l loop) { l.store(l.add(l.load(read), l.load(made)), read) })
			} else {
				made, read = address(made, s[0]), address(read, s[1])
				l.elements(n, func(l loop) { l.store(l.load(read), made) })
			}
			v.Label("next")
			v.ADDQ(operand.Imm(next), runs)
			v.DECQ(count)
			v.JNZ(operand.LabelRef("run"))
			v.end()
			v.Label("zeros")
			if !add {
				made = address(made, s[0])
				zero := v.zero()
				l := v.walk()
				l.name = "zeros"
				l.elements(n, func(l loop) { l.store(zero, made) })
			}
			v.JMP(operand.LabelRef("next"))
		}
	})
}
