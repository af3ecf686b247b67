package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// panelStep is the distance between the rows of a narrow packed panel.
const panelStep = 64

// narrow emits products with 1 to 4 columns. Their vectors run over rows of a,
// which are transposed on the way: with vectors over so few columns most of
// every multiply-add would be idle.
func narrow(sets []vector) {
	c := sets[0].Context
	for _, bits := range []int{32, 64} {
		size := bits / 8
		name := fmt.Sprintf("narrow%d", bits)
		c.Function(name)
		c.Attributes(noSplit)
		c.Pragma("noescape")
		c.SignatureExpr(narrowSignature)
		c.Doc(fmt.Sprintf("%s computes c = init + a·b for tiles of %d vectors of rows and m columns, %d if m is above 2.", name, narrowGroups(1), narrowGroups(3)),
			"init is one row. Distances are in bytes; the rows of b lie 64 bytes apart.")
		m := c.Load(c.Param("m"), c.GP64())
		for cols := 4; cols > 1; cols-- {
			c.CMPQ(m, operand.Imm(uint64(cols)))
			c.JEQ(operand.LabelRef(fmt.Sprintf("tile%d", cols)))
		}
		for cols := 1; cols <= 4; cols++ {
			narrowTile(c, size, cols)
		}
	}
}

const narrowSignature = "func(m, tiles, k int, c *byte, cr int, init, a *byte, ar int, b *byte)"

// narrowGroups is the number of vectors of rows of a tile, enough of them to
// hide the latency of a multiply-add.
func narrowGroups(cols int) int {
	if cols > 2 {
		return 2
	}
	return 4
}

func narrowTile(c *build.Context, size, cols int) {
	at := func(what string) operand.LabelRef { return operand.LabelRef(fmt.Sprint(what, cols)) }
	side, step := 32/size, 16/size // rows of a group; columns of a taken at a time
	c.Label(string(at("tile")))

	init := c.Load(c.Param("init"), c.GP64())
	acc := make([][]reg.VecVirtual, narrowGroups(cols))
	for g := range acc {
		for j := range cols {
			v := c.YMM()
			broadcast(c, size, operand.Mem{Base: init, Disp: j * size}, v)
			acc[g] = append(acc[g], v)
		}
	}
	a, ar := c.Load(c.Param("a"), c.GP64()), c.Load(c.Param("ar"), c.GP64())
	b, k := c.Load(c.Param("b"), c.GP64()), c.Load(c.Param("k"), c.GP64())
	upper, lower := c.GP64(), c.GP64()
	first := rowsOf(c, upper, ar)
	second := rowsAt{lower, ar, first.triple}

	multiply := func(g, l int, column reg.VecVirtual) {
		for j := range cols {
			w := c.YMM()
			broadcast(c, size, operand.Mem{Base: b, Disp: l*panelStep + j*size}, w)
			if size == 4 {
				c.VFMADD231PS(column, w, acc[g][j])
			} else {
				c.VFMADD231PD(column, w, acc[g][j])
			}
		}
	}
	// next moves to the next group of rows.
	next := func(g int) {
		if g == 0 {
			c.MOVQ(a, upper)
		} else {
			c.LEAQ(second.at(side/2), upper)
		}
		c.LEAQ(first.at(side/2), lower)
	}

	c.SUBQ(operand.Imm(uint64(step)), k)
	c.JL(at("rest"))
	c.Label(string(at("loop")))
	for g := range acc {
		next(g)
		for l, column := range columns(c, size, func(i int) (operand.Mem, operand.Mem) { return first.at(i), second.at(i) }) {
			multiply(g, l, column)
		}
	}
	c.ADDQ(operand.Imm(16), a)
	c.ADDQ(operand.U32(uint32(step*panelStep)), b)
	c.SUBQ(operand.Imm(uint64(step)), k)
	c.JGE(at("loop"))

	// Fewer than step columns remain: one at a time, by element.
	c.Label(string(at("rest")))
	c.ADDQ(operand.Imm(uint64(step)), k)
	c.JZ(at("store"))
	c.Label(string(at("one")))
	for g := range acc {
		next(g)
		half := func(rows rowsAt) reg.VecVirtual {
			x := c.XMM()
			if size == 8 {
				c.VMOVSD(rows.at(0), x)
				c.VMOVHPD(rows.at(1), x, x)
				return x
			}
			c.VMOVSS(rows.at(0), x)
			for i := 1; i < 4; i++ {
				c.VINSERTPS(operand.Imm(uint64(16*i)), rows.at(i), x, x)
			}
			return x
		}
		low, high := half(first), half(second)
		column := c.YMM()
		c.VXORPS(column, column, column)
		c.VINSERTF128(operand.Imm(0), low, column, column)
		c.VINSERTF128(operand.Imm(1), high, column, column)
		multiply(g, 0, column)
	}
	c.ADDQ(operand.Imm(uint64(size)), a)
	c.ADDQ(operand.Imm(panelStep), b)
	c.DECQ(k)
	c.JNZ(at("one"))

	c.Label(string(at("store")))
	to, cr := c.Load(c.Param("c"), c.GP64()), c.Load(c.Param("cr"), c.GP64())
	for g := range acc {
		for half := range 2 {
			part := make([]reg.VecVirtual, cols)
			for j, v := range acc[g] {
				part[j] = v.AsX().(reg.VecVirtual)
				if half == 1 {
					part[j] = c.XMM()
					c.VEXTRACTF128(operand.Imm(1), v, part[j])
				}
			}
			for i := range side / 2 {
				for j, v := range part {
					element := operand.Mem{Base: to, Disp: j * size}
					switch {
					case size == 4:
						c.VEXTRACTPS(operand.Imm(uint64(i)), v, element)
					case i == 0:
						c.VMOVLPD(v, element)
					default:
						c.VMOVHPD(v, element)
					}
				}
				c.ADDQ(cr, to)
			}
		}
	}
	c.MOVQ(to, slot(c, "c"))
	c.IMUL3Q(operand.Imm(uint64(side*len(acc))), ar, ar)
	c.ADDQ(ar, slot(c, "a"))
	c.DECQ(slot(c, "tiles"))
	c.JNZ(at("tile"))
	c.VZEROUPPER()
	c.RET()
}

func broadcast(c *build.Context, size int, m operand.Mem, v reg.VecVirtual) {
	if size == 4 {
		c.VBROADCASTSS(m, v)
	} else {
		c.VBROADCASTSD(m, v)
	}
}
