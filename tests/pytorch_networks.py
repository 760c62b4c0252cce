"""nnkit's networks as PyTorch has them, for tests and benchmarks."""

import torch
import torch.nn.functional as TF


class TorchLeNet(torch.nn.Module):
    def __init__(self, kernel_size=5, num_classes=10):
        super().__init__()
        side = {5: 5, 3: 6}[kernel_size]
        self.conv1 = torch.nn.Conv2d(1, 6, kernel_size)
        self.conv2 = torch.nn.Conv2d(6, 16, kernel_size)
        self.fc1 = torch.nn.Linear(16 * side * side, 120)
        self.fc2 = torch.nn.Linear(120, 84)
        self.fc3 = torch.nn.Linear(84, num_classes)

    def forward(self, x):
        x = TF.max_pool2d(TF.relu(self.conv1(x)), (2, 2))
        x = TF.max_pool2d(TF.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(TF.relu(self.fc2(TF.relu(self.fc1(x)))))


class TorchMNISTConvNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 10, 5)
        self.pool1 = torch.nn.MaxPool2d(2, 2)
        self.conv2 = torch.nn.Conv2d(10, 20, 5)
        self.pool2 = torch.nn.MaxPool2d(2, 2)
        self.fc1 = torch.nn.Linear(320, 50)
        self.fc2 = torch.nn.Linear(50, 10)

    def forward(self, x):
        x = self.pool1(TF.relu(self.conv1(x)))
        x = self.pool2(TF.relu(self.conv2(x))).flatten(1)
        return TF.relu(self.fc2(TF.relu(self.fc1(x))))


class TorchRNN(torch.nn.Module):
    def __init__(self, nonlinearity):
        super().__init__()
        self.tanh = nonlinearity == "tanh"
        self.i2h = torch.nn.Linear(28 + 128, 128)
        self.h2o = torch.nn.Linear(128, 10)

    def forward(self, images):
        hidden = torch.zeros(images.size(0), 128)
        for row in images[:, 0].unbind(1):
            hidden = self.i2h(torch.cat((row, hidden), 1))
            hidden = hidden.tanh() if self.tanh else hidden
        return self.h2o(hidden)


class TorchBasicMNIST(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 32, 3, 1)
        self.conv2 = torch.nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = torch.nn.Dropout(0.25)
        self.dropout2 = torch.nn.Dropout(0.5)
        self.fc1 = torch.nn.Linear(9216, 128)
        self.fc2 = torch.nn.Linear(128, 10)

    def forward(self, x):
        x = TF.relu(self.conv2(TF.relu(self.conv1(x))))
        x = self.dropout1(TF.max_pool2d(x, 2)).flatten(1)
        return TF.log_softmax(self.fc2(self.dropout2(TF.relu(self.fc1(x)))), 1)


class TorchLSTM(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.LSTM(28, 64, batch_first=True)
        self.batchnorm = torch.nn.BatchNorm1d(64)
        self.dropout1 = torch.nn.Dropout(0.25)
        self.dropout2 = torch.nn.Dropout(0.5)
        self.fc1 = torch.nn.Linear(64, 32)
        self.fc2 = torch.nn.Linear(32, 10)

    def forward(self, images):
        output, _ = self.rnn(images.squeeze(1))
        x = self.dropout1(self.batchnorm(output[:, -1]))
        return TF.log_softmax(self.fc2(self.dropout2(TF.relu(self.fc1(x)))), 1)
