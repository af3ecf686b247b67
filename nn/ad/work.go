package ad

// Work returns about how many numbers the program makes for a sample, a sum of
// products counting as many as it has products: the time of a run goes by it. What
// is computed once per Run does not count.
func (p *Program[T]) Work() float64 { return p.work }

// workOf is Work, summed up.
func (p *Program[T]) workOf() float64 {
	work := 0.0
	for _, in := range p.phases[body] {
		work += in.work()
	}
	for _, in := range p.phases[turns] {
		work += float64(p.directions) * in.work()
	}
	return work
}

// work is Work of an instruction.
func (in *instr) work() float64 {
	made := float64(in.dst.columns())
	switch in.op {
	case opMatMul, opMatMulT:
		return in.operands[0].size() * float64(in.width())
	case opMatTMul:
		x := 0.0
		for i := range in.operands[1:] {
			x += in.operands[i].size()
		}
		return x * float64(in.dst.cols)
	case opRowMatMul, opRowMatMulT:
		return made * float64(in.operands[0].cols)
	case opRowMatTMul:
		return made * float64(-in.operands[0].rows/in.index)
	}
	return made
}

// size returns how many numbers a product takes from a sample.
func (o *operand) size() float64 {
	width := o.width()
	if o.classes > 0 {
		width = 1
	}
	return float64(o.height(1)) * float64(width)
}
