package ad

import "github.com/gradlogp/gradlogp/nn/internal/kernel"

// Float is the element type of a program: float32 to train and sample,
// float64 to verify and for tight tolerances.
type Float = kernel.Float

// opcode names an operation. Together with the functions of one variable in
// unary.go these are all there are.
type opcode uint8

const (
	opInput  opcode = iota // a leaf given to Run
	opParam                // a leaf in the parameter vector
	opRandom               // a leaf of addressed random numbers
	opConst                // value everywhere
	opMatMul               // x·w, or b + x·w with three operands
	opMatMulT
	opMatTMul // xᵀ·g, where x may come in parts
	opAdd
	opSub
	opMul
	opDiv
	opScale
	opShift
	opSumCols
	opSumRows
	opSpread // a column over columns, or a uniform row over rows
	opConcat
	opSlice
	opUnary   // fn of each element
	opOneHot  // of a column of labels
	opMaxCols // a constant to Grad and JVP
	opSoftmax
	opRMSNorm    // not in programs: it is a product there
	opInverseRMS // its factor
	opRegroup    // the numbers of a sample in another number of rows
	opSumGroups  // over the rows of a sample
	opGather     // by a table of cells
	opScatter    // its transpose
	opRowMatMul  // products within a sample
	opRowMatMulT
	opRowMatTMul
	opStop         // its operand, a constant to Grad and JVP
	opSoftmaxSlope // in programs only: what softmaxSlope returns
	opNormSlope    // likewise normSlope
)

var opcodeNames = [...]string{
	"input", "param", "random", "const", "matmul", "matmulT", "matTmul", "add", "sub", "mul", "div",
	"scale", "shift", "sumcols", "sumrows", "spread", "concat", "slice", "unary", "onehot", "maxcols", "softmax", "rmsnorm", "inverserms",
	"regroup", "sumgroups", "gather", "scatter", "rowmatmul", "rowmatmulT", "rowmatTmul", "stop",
	"softmaxslope", "normslope",
}

func (o opcode) String() string { return opcodeNames[o] }
