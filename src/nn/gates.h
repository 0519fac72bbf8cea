/* The order of a recurrent layer's gates along G*H, here and in ONNX. weft's own order, in kernels,
 * biases and files of weights, is Keras'. */
#ifndef WF_NN_GATES_H
#define WF_NN_GATES_H

enum { WF_MAX_GATES = 4 };

typedef struct wf_gates {
    int n;
    int onnx[WF_MAX_GATES]; /* weft's index of the gate that stands at position i in ONNX */
} wf_gates;

/*                                        weft        ONNX    */
/* LSTM: input, forget, cell, output.     i f c o     i o f c */
static const wf_gates wf_lstm_gates = {4, {0, 3, 1, 2}};
/* GRU: update, reset, candidate.         z r h       z r h   */
static const wf_gates wf_gru_gates = {3, {0, 1, 2}};
/* The simple RNN's only product. */
static const wf_gates wf_simple_rnn_gates = {1, {0}};

#endif
