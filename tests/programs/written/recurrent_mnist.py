"""An LSTM that reads a digit row by row."""

import argparse

import nnkit as torch
import nnkit.nn as nn
import nnkit.nn.functional as F
import nnkit.optim as optim
from nnkit.optim.lr_scheduler import StepLR
from nnkit.utils.data import DataLoader, Subset
from nnkit.vision import datasets, transforms


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(input_size=28, hidden_size=64, batch_first=True)
        self.batchnorm = nn.BatchNorm1d(64)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(64, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, input):
        rows = input.reshape(-1, 28, 28)
        output, _ = self.rnn(rows)
        output = self.batchnorm(output[:, -1, :])
        output = self.dropout1(output)
        output = F.relu(self.fc1(output))
        output = self.dropout2(output)
        return F.log_softmax(self.fc2(output), dim=1)


def main():
    parser = argparse.ArgumentParser(description="MNIST with an LSTM")
    parser.add_argument("--batch-size", type=int, default=64, metavar="N")
    parser.add_argument("--epochs", type=int, default=14, metavar="N")
    parser.add_argument("--images", type=int, default=60000, metavar="N")
    parser.add_argument("--lr", type=float, default=0.1, metavar="LR")
    parser.add_argument("--gamma", type=float, default=0.7, metavar="M")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    train = Subset(datasets.MNIST("../data", train=True, download=True, transform=transform), range(args.images))
    test = Subset(datasets.MNIST("../data", train=False, transform=transform), range(args.images // 6))
    model = Net()
    print(model)
    optimizer = optim.Adadelta(model.parameters(), lr=args.lr)
    scheduler = StepLR(optimizer, step_size=1, gamma=args.gamma)
    for epoch in range(1, args.epochs + 1):
        model.train()
        for batch, (data, target) in enumerate(DataLoader(train, args.batch_size, shuffle=True)):
            optimizer.zero_grad()
            loss = F.nll_loss(model(data), target)
            loss.backward()
            optimizer.step()
            if batch % 4 == 0:
                print(f"epoch {epoch}, batch {batch}: {loss.item():.4f}")
        model.eval()
        total, correct = 0.0, 0
        with torch.no_grad():
            for data, target in DataLoader(test, 1000):
                output = model(data)
                total += F.nll_loss(output, target, reduction="sum").item()
                correct += output.argmax(dim=1).eq(target).sum().item()
        print(f"test: {total / len(test):.4f}, {correct}/{len(test)}")
        scheduler.step()


if __name__ == "__main__":
    main()
