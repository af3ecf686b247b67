package ad

import "fmt"

// verify replays the instructions of a block, those of the directions twice,
// and panics when an operand is no longer where it was put. It knows nothing of
// how place decided: it only records who wrote which columns of the arena last.
func verify(body, turns []instr, columns int) {
	owner := make([]int, columns) // 1 + number of the instruction that wrote a column
	replay := func(instrs []instr, first int) {
		for i, in := range instrs {
			i += first
			for _, o := range in.operands {
				if o.space != inArena {
					continue
				}
				for c := o.at; c < o.at+o.columns(); c++ {
					if owner[c] != o.writer+1 {
						panic(fmt.Sprintf("ad: internal: instruction %d (%s) reads column %d of %%%d after instruction %d overwrote it",
							i, in, c, o.id, owner[c]-1))
					}
				}
				overlaps := in.dst.space == inArena && in.dst.at < o.at+o.columns() && o.at < in.dst.at+in.dst.columns()
				if overlaps && !(in.inPlace && in.dst.at == o.at && in.dst.cols == o.cols && in.dst.rows == o.rows) {
					panic(fmt.Sprintf("ad: internal: instruction %d (%s) overwrites its operand %%%d", i, in, o.id))
				}
			}
			if in.dst.space == inArena {
				for c := in.dst.at; c < in.dst.at+in.dst.columns(); c++ {
					owner[c] = i + 1
				}
			}
		}
	}
	replay(body, 0)
	for range 2 {
		replay(turns, firstTurn)
	}
}
