package kernel

import "math"

// round16 rounds to bfloat16. Subnormal numbers become zeros.
func round16(x float32) uint16 {
	b := math.Float32bits(x)
	switch {
	case x != x:
		return uint16(b>>16 | 1<<6)
	case b&0x7f800000 == 0:
		return uint16(b >> 31 << 15)
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// flush makes a zero of a subnormal number.
func flush(x float32) float32 {
	b := math.Float32bits(x)
	if b&0x7f800000 == 0 {
		return math.Float32frombits(b >> 31 << 31)
	}
	return x
}

// halveRowsGo, …, multiplyHalfGo are what assembly does on tiles: see there.
func halveRowsGo(dst []uint16, dr int, src []float32, sr, rows, cols int) {
	for i := range rows {
		row := dst[i*dr:][:roundUp(cols, halfSide)]
		for j, v := range src[i*sr:][:cols] {
			row[j] = round16(v)
		}
		clear(row[cols:])
	}
}

func halvePairsGo(dst []uint16, src []float32, sr, rows, cols int) {
	for i := range roundUp(rows, halfSide) {
		to := dst[i/halfSide*halfBlock+i%halfSide/2*halfSide+i%2:]
		for j := range halfRows {
			to[2*j] = 0
			if i < rows && j < cols {
				to[2*j] = round16(src[i*sr+j])
			}
		}
	}
}

func halvePairsTGo(dst []uint16, dr int, src []float32, sr, rows, cols int) {
	for j := range halfRows {
		row := dst[j*dr:][:roundUp(rows, halfSide)]
		clear(row)
		if j < cols {
			for i := range rows {
				row[i] = round16(src[i*sr+j])
			}
		}
	}
}

func turnHalvesGo(dst []uint16, dr int, src []uint16, sr, rows, cols int) {
	for j := range halfRows {
		row := dst[j*dr:][:roundUp(rows, halfSide)]
		clear(row)
		if j < cols {
			for i := range rows {
				row[i] = src[i*sr+j]
			}
		}
	}
}

func halveTGo(dst []uint16, src []float32, sr, rows, cols int) {
	for j := range roundUp(cols, halfSide) {
		to := dst[j/halfSide*halfBlock+j%halfSide/2*halfSide+j%2:]
		for i := range halfRows {
			to[2*i] = 0
			if i < rows && j < cols {
				to[2*i] = round16(src[i*sr+j])
			}
		}
	}
}

func multiplyHalfGo(order Order, c []float32, cr int, init []float32, ir, next int, a []uint16, ar int, b []uint16, depth, tiles, panels, width int) {
	cols := width * halfRows
	for j := range panels {
		panel := b[j*depth*halfBlock:][:depth*halfBlock]
		for i := range tiles * halfRows {
			to, from, row := c[i*cr+j*halfSide:][:cols], init[i*ir+j*next:][:cols], a[i*ar:][:depth*halfSide]
			if order == Pairs {
				addPairs(to, from, row, panel)
			} else {
				addTiles(to, from, row, panel)
			}
		}
	}
}

// addTiles computes one row of a panel in Tiles.
func addTiles(c, init []float32, a, panel []uint16) {
	var sum [halfSide]float32
	for j, s := range init {
		sum[j] = flush(s)
	}
	for at := 0; at < len(a); at += halfSide {
		var even, odd [halfSide]float32
		addBlock(even[:len(c)], odd[:len(c)], a[at:at+halfSide], panel[at*halfSide:])
		for j := range c {
			sum[j] = flush(sum[j] + flush(even[j]+odd[j]))
		}
	}
	copy(c, sum[:])
}

// addPairs computes one row of a panel in Pairs.
func addPairs(c, init []float32, a, panel []uint16) {
	var sum [halfSide]float32
	for j, s := range init {
		sum[j] = flush(s)
	}
	for at := 0; at < len(a); at += halfSide {
		addBlock(sum[:len(c)], sum[:len(c)], a[at:at+halfSide], panel[at*halfSide:])
	}
	copy(c, sum[:])
}

// addBlock adds the terms of a block to sums, for each pair first the second.
func addBlock(even, odd []float32, a, block []uint16) {
	for l := 0; l < halfSide; l += 2 {
		x, y := widen(a[l]), widen(a[l+1])
		for t := range len(even) / halfRows {
			pairs := block[t*halfTile+l*halfRows:][:halfSide]
			e, o := even[t*halfRows:][:halfRows], odd[t*halfRows:][:halfRows]
			for j := range o {
				// The product is exact, and rounding the sum twice does no harm.
				o[j] = narrowed(y*widen(pairs[2*j+1]) + float64(o[j]))
				e[j] = narrowed(x*widen(pairs[2*j]) + float64(e[j]))
			}
		}
	}
}

// narrowed rounds to float32, and makes a zero of what is subnormal once it is rounded to 24
// bits: a processor looks at that, with no limit of the exponent.
func narrowed(x float64) float32 {
	if math.Abs(x) < 0x1p-126-0x1p-151 {
		return float32(math.Copysign(0, x))
	}
	return float32(x)
}

func widen(h uint16) float64 { return float64(math.Float32frombits(uint32(h) << 16)) }
