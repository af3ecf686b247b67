// Package onnx writes expressions of package ad as ONNX models, which ONNX Runtime, its
// web version in a browser, Triton and others run on processors and GPUs without Go, and
// reads plain networks from such files. For the scores and samplers of a model see
// score/export, which makes the Graphs that this package writes.
//
// # Export
//
// A Graph is a list of expressions of inputs and parameters. What is written is what a
// program would compute: derivatives are taken, equal values are computed once, and what no
// output needs is gone (ad.List). So a score that is the gradient of an energy, an exact
// divergence, or a gradient for training is a plain forward graph.
//
// A value of each sample is N×cols, or N×rows×cols where a sample has several rows; N
// is the number of samples in a call and is not fixed. Products are Gemm and MatMul; windows of a
// table that move over one or two axes, Conv; other tables, Gather; attention is MatMul
// and Softmax; one-hots in products are a Gather of rows. Activations are written in
// Sigmoid, Tanh, Erf and Exp of no positive number, so that nothing overflows. Files are of operator
// set 17 and format 8, and hold float32. The same Graph gives the same bytes.
//
// A Loop writes one step of a recursion for all, with numbers that differ from step
// to step in a table. Adjoints of windows, as in the score of an energy that is a convolution, and
// windows on a ring are Gathers, which are slow; so is a sum over all rows of a batch of what
// engines otherwise do row by row.
//
// # Import
//
// Import reads chains of linear layers, convolutions and activations, as PyTorch writes
// its Sequential, into an nn.Sequential with its weights, and refuses everything else
// by the name of the node and its operator. Files may come from anywhere: it does not panic and
// holds little more memory than the file has bytes, within the limits of this package.
//
// # In other languages
//
// In Python:
//
//	import numpy, onnxruntime
//	score = onnxruntime.InferenceSession("score.onnx")
//	x = numpy.array([[0.5, 0.2], [1.0, -0.4]], dtype=numpy.float32)
//	t = numpy.full((2, 1), 0.1, dtype=numpy.float32)
//	(s,) = score.run(["score"], {"x": x, "t": t})
//
// and in JavaScript, with onnxruntime-node or, in a browser, onnxruntime-web:
//
//	const score = await ort.InferenceSession.create("score.onnx");
//	const x = new ort.Tensor("float32", Float32Array.of(0.5, 0.2, 1.0, -0.4), [2, 2]);
//	const t = new ort.Tensor("float32", Float32Array.of(0.1, 0.1), [2, 1]);
//	const { score: s } = await score.run({ x, t });
//
// That engines agree is tested: see onnxtest.
//
// # References
//
//	ONNX operators and format: https://onnx.ai/onnx/operators, https://onnx.ai/onnx/repo-docs/IR.html
//	Hendrycks & Gimpel 2016  Gaussian Error Linear Units (GELUs), arXiv:1606.08415
package onnx
